// Fields, one a line, as the head of a WebSocket upgrade.
#include <algorithm>
#include <cstdlib>
#include <string>

#include "wire/ws_handshake.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace transom::wire;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  HeaderList headers;
  if (size > 0 && (data[0] & 1) != 0) {  // so that the fuzzer need not find the key first
    headers = {{"host", "a"},
               {"upgrade", "websocket"},
               {"connection", "upgrade"},
               {"sec-websocket-version", "13"},
               {"sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="}};
  }
  if (size > 0) text.remove_prefix(1);
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    const std::size_t colon = line.find(':');
    const std::string_view value = colon == std::string_view::npos ? "" : line.substr(colon + 1);
    headers.emplace_back(line.substr(0, colon), value);
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  const auto upgrade = check_ws_upgrade("GET", 1, 1, headers);
  if (!upgrade) {
    if (upgrade.error().status < 400 || upgrade.error().text.empty()) std::abort();
    return 0;
  }
  if (upgrade->accept.size() != 28) std::abort();
  for (std::size_t i = 0; i < upgrade->subprotocols.size(); ++i) {
    const std::string& name = upgrade->subprotocols[i];
    if (name.empty() || name.find_first_of(" ,\t\r\n") != std::string::npos) std::abort();
    for (std::size_t j = 0; j < i; ++j) {
      if (upgrade->subprotocols[j] == name) std::abort();
    }
  }
  return 0;
}
