#include "serve/https_hosts.h"

#include <arpa/inet.h>

#include <cstring>

#include "serve/listener.h"

namespace transom::serve {
namespace {

constexpr std::size_t kLongestName = 253;

/// The octets of an IP address; nothing for a name.
std::optional<std::string> address_octets(std::string_view text) {
  in6_addr octets{};
  const std::string terminated(text);
  if (inet_pton(AF_INET, terminated.c_str(), &octets) == 1) return std::string(reinterpret_cast<char*>(&octets), 4);
  if (inet_pton(AF_INET6, terminated.c_str(), &octets) == 1) return std::string(reinterpret_cast<char*>(&octets), 16);
  return std::nullopt;
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kLongestName && text.front() != '.' && text.find("..") == text.npos &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
         });
}

bool is_port(std::string_view text) {
  return text.size() <= 5 && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool covers(const std::vector<std::string>& names, std::string_view host) {
  return std::any_of(names.begin(), names.end(), [host](const std::string& name) { return name_covers(name, host); });
}

bool serves(const tls::ServerContext& context, std::string_view host) {
  return std::any_of(context.certificates().begin(), context.certificates().end(), [&](const auto& certificate) {
    const auto& info = certificate.info;
    const auto& names = certificate.server_names.empty() ? info.dns_names : certificate.server_names;
    return covers(names, host) || covers(info.ip_addresses, host);
  });
}

}  // namespace

std::string host_of_field(std::string_view field) {
  if (!field.empty() && field.front() == '[') {
    const auto end = field.find(']');
    if (end == field.npos) return {};
    const std::string_view address = field.substr(1, end - 1), rest = field.substr(end + 1);
    const bool port = rest.empty() || (rest.front() == ':' && is_port(rest.substr(1)));
    return port && address.find(':') != address.npos && address_octets(address) ? std::string(address) : std::string();
  }
  const auto colon = field.find(':');
  if (colon != field.npos && !is_port(field.substr(colon + 1))) return {};
  std::string name(field.substr(0, colon));
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  if (!name.empty() && name.back() == '.') name.pop_back();
  return is_name(name) ? name : std::string();
}

bool name_covers(std::string_view name, std::string_view host) {
  if (name == host) return true;
  if (name.starts_with("*.")) {
    const auto dot = host.find('.');
    return dot != host.npos && dot > 0 && host.substr(dot) == name.substr(1) && !address_octets(host);
  }
  const auto octets = address_octets(host);
  return octets && octets == address_octets(name);
}

std::optional<std::uint16_t> ListenerHosts::port_of(std::string_view host, std::string_view worker_id,
                                                    bool known) const {
  std::optional<std::uint16_t> best;
  int best_rank = -1;
  for (const auto& listener : listeners_) {
    const TransportConfig& config = listener->config();
    const auto context = listener->tls();
    if (!context || config.websocket || config.endpoint.type != EndpointConfig::Type::tcp) continue;
    const bool certified = serves(*context, host);
    if (!certified && !known) continue;
    const std::uint16_t port = config.endpoint.port;
    const int rank = (certified ? 4 : 0) + (config.worker_id == worker_id ? 2 : 0) + (port == 443 ? 1 : 0);
    if (rank <= best_rank) continue;
    best_rank = rank;
    best = port;
  }
  return best;
}

}  // namespace transom::serve
