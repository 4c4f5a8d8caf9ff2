namespace OpenSdc.Load;

/// <summary>
/// Fills the catalogue of an archive that is not running with the rows of <see cref="NameGenerator"/>, in its order. The rows have no
/// objects behind them: a row is enough for the query and for the redirect, and the objects that are fetched are really uploaded.
/// <para>
/// Not connected yet. What belongs here: open the catalogue of <c>--data</c> as <c>sdc serve</c> would (create, migrate), then for each
/// generated file parse <see cref="GeneratedFile.Name"/> with the default mission and insert the record with the publisher's own
/// statement, thousands in a transaction, with a size, any digest of 64 hexadecimal digits and the next sequence number; end with a
/// checkpoint, so that what starts next finds no long journal.
/// </para>
/// </summary>
internal static class Fill
{
    public static int Run(Arguments options)
    {
        var generator = new NameGenerator(options.Number("rows"));
        throw new LoadFailedException(
            $"{options.Text("data")} was not filled: the catalogue is not connected, {generator.Rows} rows are missing");
    }
}
