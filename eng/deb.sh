#!/bin/sh
# Makes a Debian package of the native program: eng/deb.sh NATIVE_FOLDER OUTPUT_FOLDER
# NATIVE_FOLDER is what `dotnet publish src/OpenSdc.Cli -c Release --use-current-runtime -p:PublishAot=true -o NATIVE_FOLDER` made on this
# machine. Prints the path of the package. The same input makes the same package, where SOURCE_DATE_EPOCH is set.
set -eu
[ $# = 2 ] || { echo 'usage: deb.sh NATIVE_FOLDER OUTPUT_FOLDER' >&2; exit 2; }
native=$(cd "$1" && pwd)
mkdir -p "$2"
output=$(cd "$2" && pwd)
repository=$(cd "$(dirname "$0")/.." && pwd)

version=$("$native/sdc" --version)
version=${version%%+*}
architecture=$(dpkg --print-architecture)
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
chmod 755 "$root"
umask 022

mkdir -p "$root/usr/lib/opensdc" "$root/usr/bin" "$root/usr/lib/systemd/system" "$root/etc/opensdc" "$root/usr/share/man/man1" "$root/usr/share/doc/opensdc" \
    "$root/usr/share/bash-completion/completions" "$root/usr/share/zsh/vendor-completions" "$root/usr/share/fish/vendor_completions.d" "$root/DEBIAN"
install -m 755 "$native/sdc" "$root/usr/lib/opensdc/sdc"
for library in "$native"/*.so; do install -m 644 "$library" "$root/usr/lib/opensdc/"; done
ln -s ../lib/opensdc/sdc "$root/usr/bin/sdc"

# The units of deploy/, with the program where the package puts it.
for unit in opensdc.service opensdc-fsck.service opensdc-backup.service opensdc-backup.timer; do
    sed 's|/opt/opensdc/sdc|/usr/bin/sdc|' "$repository/deploy/systemd/$unit" > "$root/usr/lib/systemd/system/$unit"
done
# Every setting is a comment: as installed the archive listens on 127.0.0.1:8080 alone.
sed 's|^OPENSDC_|#&|' "$repository/deploy/systemd/opensdc.env" > "$root/etc/opensdc/opensdc.env"
cp "$repository/deploy/systemd/secrets.env.example" "$root/usr/share/doc/opensdc/"
cp "$repository/LICENSE" "$root/usr/share/doc/opensdc/copyright"
gzip -9n < "$repository/CHANGELOG.md" > "$root/usr/share/doc/opensdc/CHANGELOG.md.gz"

"$native/sdc" man "$root/usr/share/man/man1"
chmod 644 "$root/usr/share/man/man1"/*.1
gzip -9n "$root/usr/share/man/man1"/*.1
"$native/sdc" completion bash > "$root/usr/share/bash-completion/completions/sdc"
"$native/sdc" completion zsh > "$root/usr/share/zsh/vendor-completions/_sdc"
"$native/sdc" completion fish > "$root/usr/share/fish/vendor_completions.d/sdc.fish"

echo /etc/opensdc/opensdc.env > "$root/DEBIAN/conffiles"
cat > "$root/DEBIAN/control" <<END
Package: opensdc
Version: $version
Architecture: $architecture
Maintainer: OpenSDC
Section: science
Priority: optional
Installed-Size: $(du -sk --exclude=DEBIAN "$root" | cut -f1)
Depends: libc6 (>= 2.36), libssl3 | libssl3t64
Recommends: ca-certificates
Suggests: bash-completion
Description: open science data archive: server and command line
 A space mission's archive: upload through a signed URL, query, download by
 redirect; every byte is verified. The program sdc is the server and what
 scientists fetch and send files with. The service opensdc is installed and not
 started: systemctl enable --now opensdc. Data lie in /var/lib/opensdc, which
 removing the package leaves alone.
END
# A unit is known, or known no longer, once systemd has read the folder again. Nothing is done where another root is installed into.
cat > "$root/DEBIAN/postinst" <<'END'
#!/bin/sh
set -e
if [ -z "${DPKG_ROOT:-}" ] && [ -d /run/systemd/system ]; then systemctl daemon-reload; fi
END
cat > "$root/DEBIAN/prerm" <<'END'
#!/bin/sh
set -e
if [ "$1" = remove ] && [ -z "${DPKG_ROOT:-}" ] && [ -d /run/systemd/system ]; then
    systemctl disable --now opensdc.service opensdc-backup.timer || true
fi
END
cp "$root/DEBIAN/postinst" "$root/DEBIAN/postrm"
chmod 755 "$root/DEBIAN/postinst" "$root/DEBIAN/prerm" "$root/DEBIAN/postrm"

package=$output/opensdc_${version}_$architecture.deb
dpkg-deb --build --root-owner-group "$root" "$package" > /dev/null
echo "$package"
