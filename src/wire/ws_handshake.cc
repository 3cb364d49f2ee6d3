#include "wire/ws_handshake.h"

#include <fmt/format.h>
#include <openssl/sha.h>

#include <algorithm>

#include "base/bytes.h"
#include "wire/base64.h"

namespace transom::wire {
namespace {

// RFC 6455 section 1.3: what both sides append to the key.
constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
// Keeps the search for doubles linear in the input; clients offer a handful.
constexpr std::size_t kMaxSubprotocols = 64;

using Refused = tl::unexpected<WsRefusal>;

Refused refuse(int status, std::string text, HeaderList headers = {}) {
  return tl::make_unexpected(WsRefusal{status, std::move(text), std::move(headers)});
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool equal_any_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

bool is_token(std::string_view text) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') || kOthers.find(c) != std::string_view::npos;
  });
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Calls `take` with each non-empty element of a comma-separated list until it answers false.
template <typename Take>
bool each_element(std::string_view list, Take take) {
  while (true) {
    const std::size_t comma = list.find(',');
    const std::string_view element = trim(list.substr(0, comma));
    if (!element.empty() && !take(element)) return false;
    if (comma == std::string_view::npos) return true;
    list.remove_prefix(comma + 1);
  }
}

/// The fields of the request that matter here, with how often each came.
struct Fields {
  int hosts = 0, keys = 0, versions = 0;
  std::string_view key, version;
  bool upgrade = false, connection = false, offers_subprotocols = false;
};

bool list_has(std::string_view list, std::string_view wanted) {
  return !each_element(list, [&](std::string_view element) { return !equal_any_case(element, wanted); });
}

Fields collect(const HeaderList& headers) {
  Fields fields;
  for (const auto& [name, value] : headers) {
    if (name == "host") {
      ++fields.hosts;
    } else if (name == "upgrade") {
      fields.upgrade = fields.upgrade || list_has(value, "websocket");
    } else if (name == "connection") {
      fields.connection = fields.connection || list_has(value, "upgrade");
    } else if (name == "sec-websocket-key") {
      ++fields.keys;
      fields.key = trim(value);
    } else if (name == "sec-websocket-version") {
      ++fields.versions;
      fields.version = trim(value);
    } else if (name == "sec-websocket-protocol") {
      fields.offers_subprotocols = true;
    }
  }
  return fields;
}

tl::expected<void, WsRefusal> check_request(std::string_view method, int http_major, int http_minor,
                                            const Fields& fields) {
  if (method != "GET") {
    return refuse(405, "a WebSocket is opened by GET", {{"allow", "GET"}});
  }
  if (http_major != 1 || http_minor < 1) {
    return refuse(505, "a WebSocket is opened over HTTP/1.1");
  }
  if (fields.hosts != 1) {
    return refuse(400, fields.hosts == 0 ? "the Host field is missing" : "there is more than one Host field");
  }
  if (!fields.upgrade || !fields.connection) {
    return refuse(426,
                  fields.upgrade ? "the field 'Connection: Upgrade' is missing"
                                 : "this is a WebSocket: the field 'Upgrade: websocket' is missing",
                  {{"upgrade", "websocket"}, {"connection", "Upgrade"}});
  }
  return {};
}

tl::expected<void, WsRefusal> check_version_and_key(const Fields& fields) {
  if (fields.versions > 1) return refuse(400, "there is more than one Sec-WebSocket-Version field");
  if (fields.version != "13") {
    return refuse(426,
                  fields.versions == 0 ? "the Sec-WebSocket-Version field is missing"
                                       : "this server speaks Sec-WebSocket-Version 13",
                  {{"sec-websocket-version", "13"}, {"upgrade", "websocket"}, {"connection", "Upgrade"}});
  }
  if (fields.keys != 1) {
    return refuse(400, fields.keys == 0 ? "the Sec-WebSocket-Key field is missing"
                                        : "there is more than one Sec-WebSocket-Key field");
  }
  const auto key = base64_decode(fields.key);
  if (!key || key->size() != 16) {
    return refuse(400, "Sec-WebSocket-Key must be 16 octets in base64");
  }
  return {};
}

/// Empty when all is well, else what is wrong.
std::string add_subprotocols(std::string_view list, std::vector<std::string>& out) {
  std::string fault;
  each_element(list, [&](std::string_view name) {
    if (!is_token(name)) {
      fault = "Sec-WebSocket-Protocol holds a name that is no token";
    } else if (std::find(out.begin(), out.end(), name) != out.end()) {
      fault = fmt::format("Sec-WebSocket-Protocol names {} twice", name);
    } else if (out.size() == kMaxSubprotocols) {
      fault = fmt::format("Sec-WebSocket-Protocol offers more than {} subprotocols", kMaxSubprotocols);
    } else {
      out.emplace_back(name);
    }
    return fault.empty();
  });
  return fault;
}

}  // namespace

tl::expected<WsUpgrade, WsRefusal> check_ws_upgrade(std::string_view method, int http_major, int http_minor,
                                                    const HeaderList& headers) {
  const Fields fields = collect(headers);
  if (auto checked = check_request(method, http_major, http_minor, fields); !checked) {
    return tl::make_unexpected(std::move(checked.error()));
  }
  if (auto checked = check_version_and_key(fields); !checked) {
    return tl::make_unexpected(std::move(checked.error()));
  }
  WsUpgrade upgrade;
  for (const auto& [name, value] : headers) {
    if (name != "sec-websocket-protocol") continue;
    if (std::string fault = add_subprotocols(value, upgrade.subprotocols); !fault.empty()) {
      return refuse(400, std::move(fault));
    }
  }
  if (fields.offers_subprotocols && upgrade.subprotocols.empty()) {
    return refuse(400, "the Sec-WebSocket-Protocol field is empty");
  }
  upgrade.accept = ws_accept(fields.key);
  return upgrade;
}

std::string ws_accept(std::string_view key) {
  std::string text;
  text.reserve(key.size() + kGuid.size());
  text.append(key).append(kGuid);
  std::uint8_t digest[SHA_DIGEST_LENGTH];
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  return base64_encode(digest);
}

std::string ws_response_head(std::string_view accept, std::string_view subprotocol, const HeaderList& extra) {
  std::string head = fmt::format(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n",
      accept);
  if (!subprotocol.empty()) head.append("Sec-WebSocket-Protocol: ").append(subprotocol).append("\r\n");
  for (const auto& [name, value] : extra) head.append(name).append(": ").append(value).append("\r\n");
  return head.append("\r\n");
}

}  // namespace transom::wire
