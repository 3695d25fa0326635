// A shop's API on Node's own HTTP server: two applications, HS512 without an audience, opaque refresh tokens.
//
// Run it as `node server.mjs PORT`; port 0 takes a free one. `openapi.yaml` beside it is its contract.

import { createHash, createHmac, randomBytes, randomUUID, scryptSync, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const KEY = readFileSync(new URL("signing_key.txt", import.meta.url));
const ISSUER = "https://shop.example";
const APPLICATIONS = {
  // A shopper who reloads a page twice is not thrown out: the token just traded is good for two more seconds.
  shop: { cookie: "shop_session", path: "/shop", access: 900, refresh: 90 * 86400, grace: 2, endsAll: false },
  // Here a token that comes back ends everything that the clerk has open.
  office: { cookie: "office_session", path: "/office", access: 300, refresh: 8 * 3600, grace: 0, endsAll: true },
};

const accounts = [];
const families = new Map();
const refreshTokens = new Map();

function account(application, id, email, password, { permissions = [], disabled = false } = {}) {
  const salt = randomBytes(16);
  accounts.push({ application, id, email, salt, hash: hashed(password, salt), permissions, disabled });
}

function hashed(password, salt) {
  return scryptSync(password, salt, 32, { N: 1024 });
}

account("shop", "101", "sue@shop.example", "Sue buys shoes");
account("shop", "102", "sam@shop.example", "Sam buys socks");
account("shop", "103", "sid@shop.example", "Sid buys nothing", { disabled: true });
account("office", "201", "clara@shop.example", "Clara counts boxes");
account("office", "202", "max@shop.example", "Max counts money", { permissions: ["turnover:read"] });

// Answers

class Refusal extends Error {
  constructor(status, code, message, headers = {}, fields = undefined) {
    super(message);
    Object.assign(this, { status, headers, body: { error: { code, message, ...(fields && { fields }) } } });
  }
}

const unauthorized = (challenge = 'Bearer realm="shop"', headers = {}) =>
  new Refusal(401, "unauthorized", "Please log in.", { "WWW-Authenticate": challenge, ...headers });
const invalidToken = () => unauthorized('Bearer realm="shop", error="invalid_token"');

function setCookie({ cookie, path }, value, seconds) {
  const expires = new Date(Date.now() + seconds * 1000).toUTCString();
  return { "Set-Cookie": `${cookie}=${value}; Path=${path}; Max-Age=${seconds}; Expires=${expires}; HttpOnly; Secure; SameSite=Lax` };
}

const clearedCookie = ({ cookie, path }) => ({
  "Set-Cookie": `${cookie}=; Path=${path}; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=Lax`,
});

// Access tokens

const encode = (data) => Buffer.from(data).toString("base64url");
const signatureOf = (text) => createHmac("sha512", KEY).update(text).digest();

function issue(name, family) {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: ISSUER, sub: family.account.id, iat: now, exp: now + APPLICATIONS[name].access, jti: randomUUID(),
    token_use: "access", app: name, family: family.id,
  };
  const text = [{ alg: "HS512", typ: "JWT" }, claims].map((part) => encode(JSON.stringify(part))).join(".");
  return `${text}.${encode(signatureOf(text))}`;
}

function objectIn(part) {
  const value = JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
  if (value === null || typeof value !== "object" || Array.isArray(value)) throw new TypeError("no object");
  return value;
}

function claimsOf(token) {
  if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) throw invalidToken();
  const [header, payload, signature] = token.split(".");
  const given = Buffer.from(signature, "base64url");
  const right = signatureOf(`${header}.${payload}`);
  if (given.length !== right.length || !timingSafeEqual(given, right) || encode(right) !== signature) throw invalidToken();
  const { alg, typ, crit, cty } = objectIn(header);
  if (alg !== "HS512" || (typ !== undefined && typ !== "JWT") || crit !== undefined || cty !== undefined) throw invalidToken();
  return objectIn(payload);
}

function caller(request, name, permission) {
  const fields = request.headersDistinct.authorization ?? [];
  const [, scheme, token] = /^([^ ]+) *(.*)$/.exec(fields[0] ?? "") ?? [];
  if (scheme?.toLowerCase() !== "bearer" || fields.length > 1) throw unauthorized();
  let claims;
  try {
    claims = claimsOf(token);
  } catch {
    throw invalidToken();
  }
  const now = Date.now() / 1000;
  const times = Number.isFinite(claims.exp) && Number.isFinite(claims.iat) && Number.isFinite(claims.nbf ?? 0);
  const family = families.get(claims.family);
  const current = times && claims.exp > now && claims.iat <= now + 1 && (claims.nbf ?? 0) <= now;
  const ours = claims.iss === ISSUER && claims.token_use === "access" && claims.app === name && typeof claims.jti === "string";
  const alive = family && !family.ended && !family.account.disabled && family.account.id === claims.sub && family.account.application === name;
  if (!current || !ours || !alive) throw invalidToken();
  if (permission && !family.account.permissions.includes(permission)) {
    const challenge = { "WWW-Authenticate": `Bearer realm="shop", error="insufficient_scope", scope="${permission}"` };
    throw new Refusal(403, "forbidden", "You may not do this.", challenge);
  }
  return family.account;
}

// Refresh tokens

const digest = (token) => createHash("sha256").update(token).digest("hex");

function presented(request, { cookie }) {
  const pairs = (request.headersDistinct.cookie ?? []).join("; ").split(/; */);
  const values = pairs.filter((pair) => pair.startsWith(`${cookie}=`)).map((pair) => pair.slice(cookie.length + 1));
  return values.length === 1 ? refreshTokens.get(digest(values[0])) : undefined;
}

function tokens(name, family, parent) {
  const rules = APPLICATIONS[name];
  const value = randomBytes(32).toString("base64url");
  const token = { family, parent, traded: undefined, expires: Date.now() + rules.refresh * 1000 };
  refreshTokens.set(digest(value), token);
  family.tokens.push(token);
  return [200, { access: issue(name, family), seconds: rules.access }, setCookie(rules, value, rules.refresh)];
}

function trade(name, token) {
  const { grace, endsAll } = APPLICATIONS[name];
  const { family } = token;
  if (token.traded !== undefined) {
    // Within the grace, and while no successor was used, another successor is given.
    const children = family.tokens.filter((other) => other.parent === token);
    if (Date.now() < token.traded + grace * 1000 && children.every((child) => child.traded === undefined)) return tokens(name, family, token);
    for (const other of families.values()) other.ended ||= other === family || (endsAll && other.account === family.account);
    return undefined;
  }
  // Of several successors the first to be used is the one that counts.
  for (const sibling of family.tokens) if (sibling.parent === token.parent) sibling.traded = -Infinity;
  token.traded = Date.now();
  return tokens(name, family, token);
}

// Operations: each gives status, body and headers

async function json(request) {
  if (!/^application\/json(;|$)/.test(request.headers["content-type"] ?? "")) throw new Refusal(415, "unsupported", "JSON is needed.");
  const chunks = [];
  let length = 0;
  for await (const chunk of request) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > 65536) throw new Refusal(413, "too_large", "This is too much.", { Connection: "close" });
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    throw new Refusal(400, "bad_request", "The body is no JSON.");
  }
}

async function logIn(name, request) {
  const body = await json(request);
  const wrong = ["email", "password"].filter((field) => typeof body?.[field] !== "string" || body[field] === "");
  if (wrong.length) {
    const fields = Object.fromEntries(wrong.map((field) => [field, "A text is needed."]));
    throw new Refusal(400, "bad_request", "The request is not valid.", {}, fields);
  }
  const found = accounts.find((one) => one.application === name && one.email === body.email.toLowerCase());
  const right = timingSafeEqual(hashed(body.password, found?.salt ?? Buffer.alloc(16)), found?.hash ?? Buffer.alloc(32));
  if (!found || !right || found.disabled) throw unauthorized();
  const family = { id: randomUUID(), account: found, ended: false, tokens: [] };
  families.set(family.id, family);
  return tokens(name, family, null);
}

function refresh(name, request) {
  const rules = APPLICATIONS[name];
  const token = presented(request, rules);
  const usable = token && !token.family.ended && !token.family.account.disabled && token.family.account.application === name && token.expires > Date.now();
  const answer = usable && trade(name, token);
  if (!answer) throw unauthorized(undefined, clearedCookie(rules));
  return answer;
}

function logOut(name, request) {
  const token = presented(request, APPLICATIONS[name]);
  if (token) token.family.ended = true;
  return [200, { message: "Goodbye." }, clearedCookie(APPLICATIONS[name])];
}

function me(name, request) {
  const { id, email, permissions } = caller(request, name);
  return [200, { id, email, permissions }];
}

function basket(request, id) {
  if (caller(request, "shop").id !== id) throw new Refusal(404, "not_found", "There is nothing here.");
  return [200, { items: ["shoes"] }];
}

function turnover(request) {
  caller(request, "office", "turnover:read");
  return [200, { cents: 123456 }];
}

const routes = [
  [/^\/shop\/baskets\/([^/]+)$/, { GET: basket }],
  [/^\/office\/turnover$/, { GET: turnover }],
  [/^\/health$/, { GET: () => [200, { healthy: true }] }],
];
for (const name of Object.keys(APPLICATIONS)) {
  const bound = (operation) => (request) => operation(name, request);
  routes.push([new RegExp(`^/${name}/login$`), { POST: bound(logIn) }]);
  routes.push([new RegExp(`^/${name}/refresh$`), { POST: bound(refresh) }]);
  routes.push([new RegExp(`^/${name}/logout$`), { POST: bound(logOut) }]);
  routes.push([new RegExp(`^/${name}/me$`), { GET: bound(me) }]);
}

async function answer(request) {
  const path = request.url.split("?")[0];
  for (const [pattern, operations] of routes) {
    const match = pattern.exec(path);
    if (!match) continue;
    const operation = operations[request.method === "HEAD" ? "GET" : request.method];
    if (!operation) {
      const allowed = Object.keys(operations).flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method]));
      throw new Refusal(405, "method_not_allowed", "This method is not offered here.", { Allow: allowed.join(", ") });
    }
    return operation(request, match[1]);
  }
  throw new Refusal(404, "not_found", "There is nothing here.");
}

const server = createServer(async (request, response) => {
  let status, body, headers;
  try {
    [status, body, headers = {}] = await answer(request);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    ({ status, body, headers } = error);
  }
  const fixed = { "Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff" };
  response.writeHead(status, { ...fixed, ...headers });
  response.end(JSON.stringify(body));
});

process.on("SIGTERM", () => process.exit(0));
server.listen(Number(process.argv[2]), "127.0.0.1", () => console.log(`listening on http://127.0.0.1:${server.address().port}`));
