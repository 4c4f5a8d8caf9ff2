/*
 * Stands between the archive and the C library (LD_PRELOAD): records the calls that change files below one folder, and fails one of
 * them, or ends the process at it, as the test asks.
 *
 * Configuration: OPENSDC_FAULTS_CONTROL, a file that the test has made and maps too (layout: struct control, mirrored by Shim.cs), and
 * OPENSDC_FAULTS_FOLDER, the absolute path of the data folder. Without them every call passes.
 *
 * How it works: real calls are made by syscall(2), so nothing of libc needs to be looked up. The runtime finds the functions of
 * its own P/Invokes by dlsym, which does not see a preloaded library; hence dlsym is replaced too. The trace lies in the
 * shared file: it survives the SIGKILL of the process that wrote it.
 *
 * Watch for: writes through memory maps (SQLite's -shm) are not seen; they need not survive anything.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { OPEN, WRITE, FLUSH, LINK, UNLINK, TRUNCATE, MKDIR, RENAME, SEND };
enum action { PASS, FAIL, KILL_BEFORE, KILL_AFTER, KILL_HALFWAY, HOLD };

#define ENTRIES 32768
#define TEXT 1000

struct entry { int begin, end, kind, result, error, size; char text[TEXT]; };

struct control {
    int at;          /* the counted call at which to act, from 1; 0 for none */
    int action, error;
    int kinds;       /* bits of the kinds that are counted */
    int repeat;      /* so many calls, from that one on */
    int counted, fired;
    int clock;       /* orders begin and end of all calls */
    int used;        /* entries of the trace */
    int tracing;
    char part[192];  /* a counted call's path must contain this */
    char fired_at[256];
    char reserved[4096 - 10 * 4 - 192 - 256];
    struct entry trace[ENTRIES];
};

static struct control *control;
static char folder[PATH_MAX];
static size_t folder_length;

__attribute__((constructor)) static void set_up(void)
{
    const char *file = getenv("OPENSDC_FAULTS_CONTROL"), *below = getenv("OPENSDC_FAULTS_FOLDER");
    if (!file || !below)
        return;
    int descriptor = (int)syscall(SYS_openat, AT_FDCWD, file, O_RDWR | O_CLOEXEC, 0);
    if (descriptor < 0)
        return;
    void *mapped = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    syscall(SYS_close, descriptor);
    if (mapped == MAP_FAILED)
        return;
    folder_length = (size_t)snprintf(folder, sizeof folder, "%s/", below);
    control = mapped;
}

static int below(const char *path)
{
    return control && path && (strncmp(path, folder, folder_length) == 0
        || (strncmp(path, folder, folder_length - 1) == 0 && path[folder_length - 1] == 0));
}

static int path_of(int descriptor, char *path)
{
    char link_name[32];
    snprintf(link_name, sizeof link_name, "/proc/self/fd/%d", descriptor);
    long length = syscall(SYS_readlinkat, AT_FDCWD, link_name, path, PATH_MAX - 1);
    path[length < 0 ? 0 : length] = 0;
    return length > 0;
}

static void die(void)
{
    syscall(SYS_kill, getpid(), SIGKILL);
    for (;;)
        pause();
}

/* What one call does: set before it is made, written to the trace after it. */
struct call { struct entry *entry; int action; };

static struct call begin(int kind, const char *text, size_t size)
{
    struct call call = { NULL, PASS };
    if (control->tracing) {
        int place = __atomic_fetch_add(&control->used, 1, __ATOMIC_SEQ_CST);
        if (place < ENTRIES) {
            call.entry = &control->trace[place];
            call.entry->kind = kind;
            call.entry->size = (int)size;
            snprintf(call.entry->text, TEXT, "%s", text);
            call.entry->begin = __atomic_add_fetch(&control->clock, 1, __ATOMIC_SEQ_CST);
        }
    }
    int at = control->at;
    if (at > 0 && control->kinds >> kind & 1 && (!control->part[0] || strstr(text, control->part))) {
        int number = __atomic_add_fetch(&control->counted, 1, __ATOMIC_SEQ_CST);
        if (number >= at && number - at < control->repeat) {
            call.action = control->action;
            if (__atomic_fetch_add(&control->fired, 1, __ATOMIC_SEQ_CST) == 0)
                snprintf(control->fired_at, sizeof control->fired_at, "%d %s", kind, text);
            if (call.action == KILL_BEFORE)
                die();
            while (call.action == HOLD && __atomic_load_n(&control->at, __ATOMIC_SEQ_CST))
                usleep(1000);
        }
    }
    return call;
}

static long end(struct call call, long result)
{
    int error = errno;
    if (call.entry) {
        call.entry->result = result > INT_MAX ? INT_MAX : (int)result;
        call.entry->error = result < 0 ? error : 0;
        call.entry->end = __atomic_add_fetch(&control->clock, 1, __ATOMIC_SEQ_CST);
    }
    if (call.action == KILL_AFTER || call.action == KILL_HALFWAY)
        die();
    errno = error;
    return result;
}

#define MAKE(call, real) end(call, (call).action == FAIL ? (errno = control->error, -1L) : (real))

static const char *name(const char *path) { return path[folder_length - 1] ? path + folder_length : "."; }

static long open_any(int base, const char *path, int flags, mode_t mode)
{
    if (base != AT_FDCWD || !below(path))
        return syscall(SYS_openat, base, path, flags, mode);
    struct call call = begin(OPEN, name(path), 0);
    return MAKE(call, syscall(SYS_openat, base, path, flags, mode));
}

#define OPEN_WITH(base) \
    mode_t mode = 0; \
    if (flags & (O_CREAT | O_TMPFILE)) { va_list rest; va_start(rest, flags); mode = va_arg(rest, mode_t); va_end(rest); } \
    return (int)open_any(base, path, flags, mode)

int open(const char *path, int flags, ...) { OPEN_WITH(AT_FDCWD); }
int open64(const char *path, int flags, ...) { OPEN_WITH(AT_FDCWD); }
int openat(int base, const char *path, int flags, ...) { OPEN_WITH(base); }
int openat64(int base, const char *path, int flags, ...) { OPEN_WITH(base); }

static long write_at(int descriptor, const void *bytes, size_t size, off_t offset)
{
    return offset < 0 ? syscall(SYS_write, descriptor, bytes, size) : syscall(SYS_pwrite64, descriptor, bytes, size, offset);
}

static ssize_t write_any(int descriptor, const void *bytes, size_t size, off_t offset)
{
    char path[PATH_MAX];
    if (!control || !path_of(descriptor, path) || !below(path))
        return write_at(descriptor, bytes, size, offset);
    struct call call = begin(WRITE, name(path), size);
    return MAKE(call, write_at(descriptor, bytes, call.action == KILL_HALFWAY ? size / 2 : size, offset));
}

ssize_t write(int descriptor, const void *bytes, size_t size) { return write_any(descriptor, bytes, size, -1); }
ssize_t pwrite(int descriptor, const void *bytes, size_t size, off_t offset) { return write_any(descriptor, bytes, size, offset); }
ssize_t pwrite64(int descriptor, const void *bytes, size_t size, off64_t offset) { return write_any(descriptor, bytes, size, offset); }

ssize_t pwritev64(int descriptor, const struct iovec *pieces, int count, off64_t offset)
{
    char path[PATH_MAX];
    size_t size = 0;
    for (int i = 0; i < count; i++)
        size += pieces[i].iov_len;
    if (!control || !path_of(descriptor, path) || !below(path))
        return syscall(SYS_pwritev, descriptor, pieces, count, offset, 0);
    struct call call = begin(WRITE, name(path), size);
    return MAKE(call, syscall(SYS_pwritev, descriptor, pieces, call.action == KILL_HALFWAY ? 1 : count, offset, 0));
}
ssize_t pwritev(int descriptor, const struct iovec *pieces, int count, off_t offset) { return pwritev64(descriptor, pieces, count, offset); }

static int flush(long number, int descriptor)
{
    char path[PATH_MAX];
    if (!control || !path_of(descriptor, path) || !below(path))
        return (int)syscall(number, descriptor);
    struct call call = begin(FLUSH, name(path), 0);
    return (int)MAKE(call, syscall(number, descriptor));
}
int fsync(int descriptor) { return flush(SYS_fsync, descriptor); }
int fdatasync(int descriptor) { return flush(SYS_fdatasync, descriptor); }

/* Flushes all of the file system: whatever part of the folder is asked about, this flushes it too. */
int syncfs(int descriptor)
{
    char path[PATH_MAX];
    if (!control || !path_of(descriptor, path) || !below(path))
        return (int)syscall(SYS_syncfs, descriptor);
    struct call call = begin(FLUSH, "the file system: staging/ objects/", 0);
    return (int)MAKE(call, syscall(SYS_syncfs, descriptor));
}

static int truncate_any(int descriptor, off64_t size)
{
    char path[PATH_MAX];
    if (!control || !path_of(descriptor, path) || !below(path))
        return (int)syscall(SYS_ftruncate, descriptor, size);
    struct call call = begin(TRUNCATE, name(path), (size_t)size);
    return (int)MAKE(call, syscall(SYS_ftruncate, descriptor, size));
}
int ftruncate(int descriptor, off_t size) { return truncate_any(descriptor, size); }
int ftruncate64(int descriptor, off64_t size) { return truncate_any(descriptor, size); }

/* Reserving room ahead of a write counts as a change of size. */
int fallocate64(int descriptor, int mode, off64_t offset, off64_t size)
{
    char path[PATH_MAX];
    if (!control || !path_of(descriptor, path) || !below(path))
        return (int)syscall(SYS_fallocate, descriptor, mode, offset, size);
    struct call call = begin(TRUNCATE, name(path), (size_t)size);
    return (int)MAKE(call, syscall(SYS_fallocate, descriptor, mode, offset, size));
}

static int two_names(int kind, long number, int flags, const char *from, const char *to)
{
    char both[TEXT];
    if (!below(from) || !below(to))
        return (int)(number == SYS_linkat ? syscall(number, AT_FDCWD, from, AT_FDCWD, to, flags) : syscall(number, AT_FDCWD, from, AT_FDCWD, to));
    snprintf(both, sizeof both, "%s -> %s", name(from), name(to));
    struct call call = begin(kind, both, 0);
    return (int)MAKE(call, number == SYS_linkat ? syscall(number, AT_FDCWD, from, AT_FDCWD, to, flags) : syscall(number, AT_FDCWD, from, AT_FDCWD, to));
}
int link(const char *from, const char *to) { return two_names(LINK, SYS_linkat, 0, from, to); }
int rename(const char *from, const char *to) { return two_names(RENAME, SYS_renameat, 0, from, to); }

static int one_name(int kind, const char *path, long real, long last)
{
    if (!below(path))
        return (int)syscall(real, AT_FDCWD, path, last);
    struct call call = begin(kind, name(path), 0);
    return (int)MAKE(call, syscall(real, AT_FDCWD, path, last));
}
int unlink(const char *path) { return one_name(UNLINK, path, SYS_unlinkat, 0); }
int rmdir(const char *path) { return one_name(UNLINK, path, SYS_unlinkat, AT_REMOVEDIR); }
int mkdir(const char *path, mode_t mode) { return one_name(MKDIR, path, SYS_mkdirat, (long)mode); }

/* The answer to a request is what a flush must come before, so the bytes that go to sockets are in the trace too. */
static struct call begin_send(const struct iovec *pieces, size_t count)
{
    char text[TEXT];
    size_t held = 0, size = 0;
    for (size_t i = 0; i < count; i++) {
        size_t fits = pieces[i].iov_len < TEXT - 1 - held ? pieces[i].iov_len : TEXT - 1 - held;
        memcpy(text + held, pieces[i].iov_base, fits);
        held += fits;
        size += pieces[i].iov_len;
    }
    text[held] = 0;
    return begin(SEND, text, size);
}

ssize_t send(int descriptor, const void *bytes, size_t size, int flags)
{
    if (!control)
        return syscall(SYS_sendto, descriptor, bytes, size, flags, NULL, 0);
    struct iovec piece = { (void *)bytes, size };
    struct call call = begin_send(&piece, 1);
    return MAKE(call, syscall(SYS_sendto, descriptor, bytes, size, flags, NULL, 0));
}

ssize_t sendmsg(int descriptor, const struct msghdr *message, int flags)
{
    if (!control)
        return syscall(SYS_sendmsg, descriptor, message, flags);
    struct call call = begin_send(message->msg_iov, message->msg_iovlen);
    return MAKE(call, syscall(SYS_sendmsg, descriptor, message, flags));
}

void *dlsym(void *restrict handle, const char *restrict symbol)
{
    static void *(*real)(void *, const char *);
    static const struct { const char *name; void *here; } replaced[] = {
        { "open", open }, { "open64", open64 }, { "openat", openat }, { "write", write }, { "pwrite", pwrite }, { "pwrite64", pwrite64 },
        { "pwritev", pwritev }, { "fsync", fsync }, { "fdatasync", fdatasync }, { "syncfs", syncfs }, { "ftruncate", ftruncate }, { "fallocate64", fallocate64 },
        { "link", link }, { "rename", rename }, { "unlink", unlink }, { "rmdir", rmdir }, { "mkdir", mkdir }, { "send", send }, { "sendmsg", sendmsg },
    };
    static const char *versions[] = { "GLIBC_2.2.5", "GLIBC_2.17", "GLIBC_2.34" };
    for (size_t i = 0; !real && i < sizeof versions / sizeof *versions; i++)
        *(void **)&real = dlvsym(RTLD_NEXT, "dlsym", versions[i]);
    void *found = real(handle, symbol);
    /* Only libc's own function is replaced, not one that another library happens to call the same. */
    for (size_t i = 0; found && i < sizeof replaced / sizeof *replaced; i++)
        if (strcmp(symbol, replaced[i].name) == 0 && found == real(RTLD_NEXT, symbol))
            return replaced[i].here;
    return found;
}
