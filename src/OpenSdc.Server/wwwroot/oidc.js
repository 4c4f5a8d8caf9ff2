// Sign in at the institute: OpenID Connect, authorization code with PKCE. The token stays in this tab.
import { base } from "./api.js";
import { Sha256 } from "./sha256.js";

const Place = "opensdc-sign-in";

/** The issuer that the archive names; null where there is none. @returns {Promise<Issuer | null>} */
export async function issuer() {
  const answer = await fetch(new URL(".well-known/oauth-protected-resource", base)).catch(() => null);
  if (!answer?.ok) return null;
  const told = await answer.json().catch(() => null);
  const client = told?.opensdc_client_id;
  // For whom the token is (RFC 8707): a URI.
  const resource = [told?.opensdc_audience ?? told?.resource].filter(each => URL.canParse(each))[0];
  return told?.authorization_servers?.[0] && client ? { issuer: told.authorization_servers[0], client, scopes: told.scopes_supported ?? [], resource } : null;
}

/** Goes to the issuer; it sends the person back to this page. @param {Issuer} of */
export async function signIn(of) {
  const known = await (await fetch(`${of.issuer.replace(/\/$/, "")}/.well-known/openid-configuration`)).json();
  /** @type {SignIn} */
  const begun = { ...of, state: random(), verifier: random(), token_endpoint: known.token_endpoint };
  sessionStorage.setItem(Place, JSON.stringify(begun));
  const challenge = new Sha256().update(new TextEncoder().encode(begun.verifier)).hex().match(/../g) ?? [];
  const asked = { response_type: "code", client_id: of.client, redirect_uri: base.href, scope: ["openid", ...of.scopes.filter(each => each !== "openid")].join(" "), state: begun.state, code_challenge: base64url(challenge.map(each => parseInt(each, 16))), code_challenge_method: "S256", ...audience(of) };
  const at = known.authorization_endpoint;
  location.assign(at + (at.includes("?") ? "&" : "?") + new URLSearchParams(asked));
}

/** Where the issuer has sent the person back: the token for the code; null where it has not. @returns {Promise<Tokens | null>} */
export async function finish() {
  const told = new URLSearchParams(location.search);
  if (!told.has("state") || !(told.has("code") || told.has("error"))) return null;
  const begun = /** @type {SignIn | null} */ (JSON.parse(sessionStorage.getItem(Place) ?? "null"));
  sessionStorage.removeItem(Place);
  // A code that is in the address is used once, and not left there.
  history.replaceState(null, "", `${base.pathname}#/access`);
  if (!begun || begun.state !== told.get("state")) throw new Error("This sign-in was not begun in this tab. Sign in again.");
  // Not every issuer knows whom tokens are for.
  if (begun.resource && /^invalid_(target|request)$/.test(told.get("error") ?? "")) {
    await signIn({ ...begun, resource: "" });
    return null;
  }
  if (told.has("error")) throw new Error(`The issuer refused: ${told.get("error_description") ?? told.get("error")}`);
  return exchange(begun, { grant_type: "authorization_code", code: /** @type {string} */ (told.get("code")), redirect_uri: base.href, code_verifier: begun.verifier });
}

/** @param {Tokens} tokens @returns {Promise<Tokens>} */
export const refresh = tokens => exchange(tokens, { grant_type: "refresh_token", refresh_token: tokens.refresh_token ?? "" });

/** @param {{ resource?: string }} of @returns {Record<string, string>} */
const audience = of => of.resource ? { resource: of.resource } : {};

/** @param {{ token_endpoint: string, client: string, resource?: string, refresh_token?: string }} at @param {Record<string, string>} asked @returns {Promise<Tokens>} */
async function exchange(at, asked) {
  const answer = await fetch(at.token_endpoint, { method: "POST", body: new URLSearchParams({ ...asked, client_id: at.client, ...audience(at) }) });
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok || !told.access_token) throw new Error(`The issuer gave no token: ${told.error_description ?? told.error ?? answer.status}`);
  return { access_token: told.access_token, expires: Date.now() + (told.expires_in ?? 300) * 1000, refresh_token: told.refresh_token ?? at.refresh_token, token_endpoint: at.token_endpoint, client: at.client, resource: at.resource };
}

const random = () => base64url([...crypto.getRandomValues(new Uint8Array(32))]);

/** @param {number[]} bytes */
const base64url = bytes => btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
