// A real OpenID provider for the tests: node issuer.mjs FOLDER_WITH_NODE_MODULES SECONDS_OF_A_TOKEN. Prints its address, and ends with its standard input.
import http from 'node:http';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [folder, seconds] = process.argv.slice(2);
const { default: Provider } = await import(pathToFileURL(createRequire(`${folder}/`).resolve('oidc-provider')));
const server = http.createServer();
server.listen(0, '127.0.0.1', () => {
  const address = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(address, {
    clients: [{
      client_id: 'sdc', token_endpoint_auth_method: 'none', application_type: 'native', redirect_uris: [], response_types: [],
      grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
    }, {
      // The page in a browser, at any port of this address.
      client_id: 'page', token_endpoint_auth_method: 'none', application_type: 'native', redirect_uris: ['http://127.0.0.1/'],
      grant_types: ['authorization_code'],
    }],
    clientBasedCORS: () => true,
    scopes: ['openid', 'offline_access', 'opensdc'],
    rotateRefreshToken: true,
    features: {
      deviceFlow: { enabled: true },
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        useGrantedResource: () => true,
        getResourceServerInfo: (context, resource) => ({
          scope: 'opensdc', audience: resource, accessTokenTTL: Number(seconds), accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
  });
  server.on('request', provider.callback());
  console.log(address);
});
process.stdin.on('end', () => process.exit(0)).resume();
