#include <ctime>
#include <nlohmann/json.hpp>

#include "cli/authority_options.h"
#include "cli/cli_error.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "tls/certificate_info.h"

namespace transom::cli {
namespace {

using Is = pki::CertificateState::Is;

struct Row {
  std::string serial, state, names;
  std::int64_t not_after = 0;
};

Row row_of(const node::AuthorityStore& store, const std::string& serial) {
  const auto certificate = certificate_in(value_or_give_up(store.certificate(serial)), serial + ".crt");
  const auto state = value_or_give_up(store.state(serial));
  Row row{serial, "good", names_of(certificate.get()), tls::seconds_of(X509_get0_notAfter(certificate.get()))};
  if (row.not_after <= std::time(nullptr)) row.state = "expired";
  if (state.is == Is::revoked) row.state = fmt::format("revoked {} {}", day_of(state.revoked_at), state.reason);
  return row;
}

std::string as_json(const std::vector<Row>& rows) {
  nlohmann::json list = nlohmann::json::array();
  for (const Row& row : rows) {
    list.push_back({{"serial", row.serial}, {"state", row.state}, {"names", row.names}, {"not_after", row.not_after}});
  }
  return list.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string as_text(const std::vector<Row>& rows) {
  if (rows.empty()) return "Nothing was issued yet.\n";
  std::string text;
  for (const Row& row : rows) {
    text += fmt::format("{:<32}  until {}  {}  ({})\n", row.serial, day_of(row.not_after), row.names, row.state);
  }
  return text;
}

}  // namespace

int run_ca_list(Arguments& arguments) {
  AuthorityPlace place;
  bool json = false;
  place.declare(arguments);
  arguments.flag("--json", json, "Print as JSON");
  if (const auto code = arguments.parse()) return *code;
  const auto store = place.open();
  std::vector<Row> rows;
  for (const std::string& serial : value_or_give_up(store.serials())) rows.push_back(row_of(store, serial));
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.not_after < b.not_after; });
  print_output(json ? as_json(rows) : as_text(rows));
  warn_of_root_list(store, std::time(nullptr));
  return 0;
}

}  // namespace transom::cli
