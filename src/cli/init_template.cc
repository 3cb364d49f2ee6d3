#include "cli/init_template.h"

namespace transom::cli {

// Everybody may do everything in it, so that it listens on this machine only.
const std::string_view kTemplateConfig = R"({
  "version": 2,
  "workers": [
    {
      "type": "router",
      "realms": [
        {
          "name": "realm1",
          "roles": [
            {
              "name": "anonymous",
              "permissions": [
                {
                  "uri": "",
                  "match": "prefix",
                  "allow": {"call": true, "register": true, "publish": true, "subscribe": true}
                }
              ]
            }
          ]
        }
      ],
      "transports": [
        {
          "type": "web",
          "endpoint": {"type": "tcp", "interface": "127.0.0.1", "port": 8080},
          "paths": {
            "/": {"type": "static", "directory": "../web"},
            "ws": {
              "type": "websocket",
              "serializers": ["json", "msgpack", "cbor"],
              "options": {"allowed_origins": ["http://localhost:8080", "http://127.0.0.1:8080"]}
            }
          }
        }
      ]
    }
  ]
}
)";

const std::string_view kTemplatePage = R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Hello, WAMP</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 40em; margin: 3em auto; padding: 0 1em; }
pre { background: #f3f3f3; padding: 1em; overflow: auto; }
</style>
</head>
<body>
<h1>Hello, WAMP</h1>
<p>This page subscribes to <code>com.example.hello</code> and shows every event.
<button id="publish">Publish one</button></p>
<pre id="log">connecting ...
</pre>
<script>
const log = (line) => { document.getElementById('log').textContent += line + '\n'; };
const url = location.href.replace(/^http/, 'ws').replace(/[^/]*([?#].*)?$/, '') + 'ws';
const socket = new WebSocket(url, 'wamp.2.json');
const send = (message) => socket.send(JSON.stringify(message));
let request = 0, count = 0;

socket.onopen = () => send([1, 'realm1', {roles: {publisher: {}, subscriber: {}}}]);           // HELLO
socket.onclose = (event) => log('closed: ' + event.code + ' ' + event.reason);
socket.onmessage = (event) => {
  const message = JSON.parse(event.data);
  if (message[0] === 2) send([32, ++request, {}, 'com.example.hello']);                        // WELCOME: SUBSCRIBE
  if (message[0] === 33) log('subscribed to com.example.hello at ' + url);                     // SUBSCRIBED
  if (message[0] === 36) log('event: ' + JSON.stringify(message[4] || []));                    // EVENT
  if (message[0] === 3 || message[0] === 8) log('refused: ' + JSON.stringify(message));        // ABORT, ERROR
  if (message[0] === 6) { send([6, {}, 'wamp.close.goodbye_and_out']); log('the node stops'); }  // GOODBYE
};
document.getElementById('publish').onclick = () =>
  send([16, ++request, {exclude_me: false}, 'com.example.hello', ['hello', ++count]]);         // PUBLISH
</script>
</body>
</html>
)";

}  // namespace transom::cli
