// The types that the page's modules share. They are for the compiler alone; no browser loads them.

/** A file as `/query` tells it. */
interface FileRecord {
  file_path: string; instrument: string | null; data_level: string | null; descriptor: string | null; start_date: string | null; end_date?: string | null;
  repointing: number | null; cr: number | null; version: string | null; major_version: number | null; minor_version: number | null; extension: string;
  ingestion_date: string; size: number; sha256: string; seq: number; integrity?: string; released?: boolean; crid?: string | null;
  /** Own fields of the mission. */
  [field: string]: any;
}

/** The words that make a product. */
interface ProductKey { family: string; instrument: string | null; data_level: string | null; descriptor: string | null; extension: string }

/** What there is of one product in one day, month or year: a line of `/coverage`. */
interface Period extends ProductKey {
  bin: string | null; files: number; bytes: number; version: string | null; first_ingestion: string; last_ingestion: string;
}

/** A product: the first and the last month with files are YYYYMM; null where names have no dates. */
interface Product extends ProductKey {
  id: string; files: number; bytes: number; first: string | null; last: string | null; months: Map<string, Period>;
}

interface FacetValue { value: string | null; files: number; bytes: number }
interface Facets { files: number; bytes: number; facets: Record<string, FacetValue[]> }

/** What the address `/` tells programs. */
interface Archive {
  name: string; mission: string; version: string; transfers: string; families: { name: string; fields: string[]; examples?: string[] }[]; open?: boolean;
  caller?: { name: string; scopes: string[]; expires: string | null; upload_limits?: Record<string, string[]>[] };
}

/** What happened to a file: a member of `/changes`. */
interface Change { seq: number; kind: string; at: string; file_path: string; reason?: string; superseded_by?: string }

interface Receipt { file_path: string; size: number; sha256: string; seq: number; ingestion_date: string }

/** Parameters of a route; what is empty is left out. */
type Asked = Record<string, string | string[] | number | boolean | null | undefined>;

/** What an element may hold. */
type Child = Node | string | number | null | undefined | false;

/** Properties, attributes and listeners of an element; a listener's event has the type that its reader needs. */
type Props = { [listener: `on${string}`]: ((event: any) => unknown) | null | false } & { [name: string]: any };

/** What a view is given: where it stands, what follows the question mark of its address, what follows its name, and a signal that ends with it. */
interface View {
  main: HTMLElement; parameters: URLSearchParams; rest: string; signal: AbortSignal;
  head: import("../../src/OpenSdc.Server/wwwroot/frame.js").Head;
}

/** A column of a table of rows; `sort` is the name by which the archive sorts it, `width` a track of the grid. */
interface Column<T> { name: string; title: string; cell: (row: T) => Child; sort?: string; numeric?: boolean; width?: string }

interface Issuer { issuer: string; client: string; scopes: string[]; resource?: string }
interface SignIn extends Issuer { state: string; verifier: string; token_endpoint: string }
interface Tokens { access_token: string; expires: number; refresh_token?: string; token_endpoint: string; client: string; resource?: string }
