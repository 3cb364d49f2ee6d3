#include "cli/session_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/log.h"

namespace transom::cli {
namespace {

using nlohmann::json;

constexpr std::size_t kColumns = 6;
constexpr std::size_t kWidestCell = 60;
using Row = std::array<std::string, kColumns>;

std::string text_of(const json& dict, const char* key) {
  const auto found = dict.find(key);
  if (found == dict.end()) return "";
  return found->is_string() ? log_safe(found->get<std::string>(), kWidestCell) : found->dump();
}

/// "TLSv1.3 TLS_AES_256_GCM_SHA384 X25519 resumed sni=localhost, CN=joe" as in the access log, or "-" in the clear.
std::string security_of(const json& transport) {
  const json tls = transport.value("tls", json());
  if (!tls.is_object()) return "-";
  std::string text = text_of(tls, "version");
  for (const char* key : {"cipher", "group"}) {
    if (const std::string name = text_of(tls, key); !name.empty()) text += " " + name;
  }
  text += tls.value("resumed", json()) == true ? " resumed" : " full";
  if (const std::string name = text_of(tls, "server_name"); !name.empty()) text += " sni=" + name;
  const json certificate = transport.value("peer_cert", json());
  if (certificate.is_object()) text += ", " + text_of(certificate, "subject");
  return text;
}

Row row_of(const json& session) {
  const json transport = session.value("transport", json::object());
  return {text_of(session, "session"),  text_of(session, "realm"),  text_of(session, "authid"),
          text_of(session, "authrole"), text_of(transport, "peer"), security_of(transport)};
}

std::string join(const std::vector<Row>& rows) {
  std::array<std::size_t, kColumns> widths{};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < kColumns; ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Row& row : rows) {
    for (std::size_t i = 0; i + 1 < kColumns; ++i) text += fmt::format("{:<{}}  ", row[i], widths[i]);
    text += row.back() + "\n";
  }
  return text;
}

}  // namespace

std::string session_table(const json& answer) {
  const json sessions = answer.value("sessions", json::array());
  std::vector<Row> rows = {{"SESSION", "REALM", "AUTHID", "ROLE", "PEER", "TLS"}};
  for (const json& session : sessions) rows.push_back(row_of(session));
  const std::size_t total = answer.value("total", sessions.size());
  std::string text = rows.size() > 1 ? join(rows) : "";
  if (total == sessions.size()) return text + fmt::format("{} session{}\n", total, total == 1 ? "" : "s");
  return text + fmt::format("{} of {} sessions\n", sessions.size(), total);
}

}  // namespace transom::cli
