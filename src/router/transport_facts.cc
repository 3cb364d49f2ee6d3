#include "router/transport_facts.h"

#include <nlohmann/json.hpp>

namespace transom::router {
namespace {

using nlohmann::json;

std::string hexadecimal(const std::string& octets) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(octets.size() * 2);
  for (const char octet : octets) {
    text += digits[static_cast<unsigned char>(octet) >> 4];
    text += digits[octet & 15];
  }
  return text;
}

void add_unless_empty(json& dict, const char* key, const std::vector<std::string>& names) {
  if (!names.empty()) dict[key] = names;
}

json describe(const ClientCertificate& certificate) {
  json dict = {
      {"subject", certificate.subject},       {"issuer", certificate.issuer},      {"cn", certificate.common_name},
      {"serial", certificate.serial},         {"sha1", certificate.sha1},          {"sha256", certificate.sha256},
      {"not_before", certificate.not_before}, {"not_after", certificate.not_after}};
  json names = json::object();
  add_unless_empty(names, "dns", certificate.dns_names);
  add_unless_empty(names, "ip", certificate.ip_addresses);
  add_unless_empty(names, "email", certificate.emails);
  add_unless_empty(names, "uri", certificate.uris);
  if (!names.empty()) dict["subject_alt_names"] = std::move(names);
  return dict;
}

json describe(const TlsFacts& tls) {
  json dict = {{"version", tls.version}, {"cipher", tls.suite}, {"resumed", tls.resumed}};
  if (!tls.group.empty()) dict["group"] = tls.group;
  if (!tls.server_name.empty()) dict["server_name"] = tls.server_name;
  return dict;
}

json channel_ids(const TlsFacts& tls) {
  json ids = json::object();
  if (!tls.unique.empty()) ids["tls-unique"] = hexadecimal(tls.unique);
  if (!tls.exporter.empty()) ids["tls-exporter"] = hexadecimal(tls.exporter);
  return ids;
}

}  // namespace

json describe(const TransportFacts& facts) {
  json dict = {{"channel_type", facts.tls                           ? "tls"
                                : facts.peer.substr(0, 4) == "unix" ? "unix"
                                                                    : "tcp"},
               {"channel_framing", facts.framing},
               {"channel_serializer", facts.serializer},
               {"peer", facts.peer},
               {"is_secure", facts.tls.has_value()}};
  if (!facts.tls) return dict;
  dict["tls"] = describe(*facts.tls);
  if (json ids = channel_ids(*facts.tls); !ids.empty()) dict["channel_id"] = std::move(ids);
  if (facts.certificate) dict["peer_cert"] = describe(*facts.certificate);
  return dict;
}

}  // namespace transom::router
