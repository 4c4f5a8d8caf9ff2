namespace OpenSdc.Server.Files;

/// <summary>
/// Bounds the long bodies of queries that are in memory at once. A body is read into parameters of several
/// times its length, and its client may take hours to send it: without a bound a few hundred connections
/// would take all memory. A body has its place from before its first byte is read until its answer has been
/// sent.
/// </summary>
internal sealed class LargeBodies
{
    /// <summary>Bytes of a body that needs no place.</summary>
    public const int Free = 64 * 1024;

    /// <summary>How many there may be: at some 10 MB each they are the smaller part of an archive's memory.</summary>
    public const int Most = 16;

    private int taken;

    /// <summary>How many places are taken.</summary>
    public int Taken => Volatile.Read(ref taken);

    /// <summary>
    /// Takes a place for the body of a request, where it needs one; it is given back with the response. False
    /// where none is free.
    /// </summary>
    public bool TryTake(HttpContext context)
    {
        // A body without a length may become a long one.
        if (context.Request.ContentLength <= Free)
            return true;
        if (Interlocked.Increment(ref taken) > Most)
        {
            Interlocked.Decrement(ref taken);
            return false;
        }

        context.Response.RegisterForDispose(new Place(this));
        return true;
    }

    private sealed class Place(LargeBodies bodies) : IDisposable
    {
        public void Dispose() => Interlocked.Decrement(ref bodies.taken);
    }
}
