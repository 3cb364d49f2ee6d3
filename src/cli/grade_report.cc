#include "cli/grade_report.h"

#include <fmt/chrono.h>

#include <algorithm>

#include "base/log.h"
#include "grade/groups.h"
#include "grade/suites.h"

namespace transom::cli {
namespace {

using grade::HstsFacts;
using nlohmann::json;

constexpr std::size_t kShownText = 300;

std::string safe(const std::string& text) { return log_safe(text, kShownText); }

std::string date(std::int64_t seconds) {
  return fmt::format("{:%Y-%m-%d %H:%M:%S}Z", fmt::gmtime(static_cast<std::time_t>(seconds)));
}

std::string joined(const std::vector<std::string>& words, std::string_view between = ", ") {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : std::string(between)) + word;
  return text;
}

const char* yes_or_no(const std::optional<bool>& fact) { return !fact ? "does not apply" : *fact ? "yes" : "no"; }

const char* hsts_state(HstsFacts::State state) {
  switch (state) {
    case HstsFacts::State::not_http:
      return "unknown";
    case HstsFacts::State::not_applicable:
      return "not_applicable";
    case HstsFacts::State::missing:
      return "missing";
    case HstsFacts::State::malformed:
      return "malformed";
    case HstsFacts::State::disabled:
      return "disabled";
    case HstsFacts::State::too_short:
      return "too_short";
    case HstsFacts::State::good:
      return "good";
  }
  return "unknown";
}

std::string hsts_text(const HstsFacts& hsts) {
  switch (hsts.state) {
    case HstsFacts::State::not_http:
      return "unknown, GET / got no HTTP answer";
    case HstsFacts::State::not_applicable:
      return "does not apply: browsers ignore it for localhost and for addresses";
    case HstsFacts::State::good:
    case HstsFacts::State::too_short:
      return fmt::format("{}max-age={}", hsts.state == HstsFacts::State::good ? "" : "too short, ", hsts.max_age_s);
    default:
      return hsts_state(hsts.state);
  }
}

std::string group_text(std::uint16_t number) {
  const grade::Group* group = grade::find_group(number);
  return group == nullptr ? grade::group_name(number) : fmt::format("{} ({} bits)", group->name, group->bits);
}

std::string groups_text(const std::vector<std::uint16_t>& numbers) {
  std::vector<std::string> names;
  for (const std::uint16_t number : numbers) names.push_back(group_text(number));
  return joined(names);
}

std::string key_text(const grade::CertificateFacts& one) {
  const std::string curve = one.curve.empty() ? "" : " (" + one.curve + ")";
  return fmt::format("{} {} bits{}", one.key_type, one.key_bits, curve);
}

std::vector<std::string> alternative_names(const tls::CertificateInfo& info) {
  std::vector<std::string> names = info.dns_names;
  names.insert(names.end(), info.ip_addresses.begin(), info.ip_addresses.end());
  return names;
}

void print_head(const GradeReport& report) {
  const grade::Rating& rating = report.rating;
  fmt::print("TLS grade of {}", safe(report.target));
  if (report.named) fmt::print(", server name {}", safe(report.server_name));
  fmt::print("\n\n");
  fmt::print("Grade         {}\nScore         {}\n", shown_grade(rating), rating.score);
  fmt::print("Protocol      {:>3}\nKey exchange  {:>3}\nCipher        {:>3}\n", rating.protocol, rating.key_exchange,
             rating.cipher);
  if (!report.evidence.server.complete) {
    fmt::print("\nThe scan is incomplete: connections failed or time ran out, so the grade may really be worse.\n");
  }
}

void print_reasons(const grade::Rating& rating) {
  if (!rating.reasons.empty()) fmt::print("\nReasons\n");
  for (const grade::Reason& reason : rating.reasons) {
    fmt::print("  {:<2}  {}\n", grade::name_of(reason.cap), safe(reason.what));
  }
  if (rating.next_steps.empty()) return;
  const bool best = rating.grade == grade::Grade::a_plus;
  fmt::print("\n{}\n", best ? "For more points" : "For the next grade");
  for (const std::string& step : rating.next_steps) fmt::print("  {}\n", safe(step));
}

struct ShownSuite {
  std::string name;
  int bits;
  bool forward_secret, aead, broken;
};

std::vector<ShownSuite> suites_of(const grade::ServerFacts& server, grade::Version version) {
  std::vector<ShownSuite> shown;
  if (version != grade::Version::ssl2) {
    for (const std::uint16_t number : server.suites.at(version)) {
      const grade::SuiteTraits traits = grade::suite_traits(number);
      shown.push_back({grade::suite_name(number), traits.bits, traits.forward_secret, traits.aead, traits.broken()});
    }
    return shown;
  }
  const auto& offered = server.ssl2->suites;
  for (const grade::Ssl2Suite& suite : grade::ssl2_suites()) {
    const bool found = std::find(offered.begin(), offered.end(), suite.number) != offered.end();
    if (found) shown.push_back({std::string(suite.name), suite.bits, false, false, true});
  }
  return shown;
}

const char* remark_on(const ShownSuite& suite) {
  return suite.broken ? ", broken" : suite.forward_secret ? "" : ", no forward secrecy";
}

void print_suites(const grade::ServerFacts& server) {
  for (const grade::Version version : grade::all_versions) {
    if (!server.offers(version)) continue;
    fmt::print("\n{}\n", grade::name_of(version));
    for (const ShownSuite& suite : suites_of(server, version)) {
      fmt::print("  {:<47} {:>3} bits{}\n", suite.name, suite.bits, remark_on(suite));
    }
  }
}

void print_server(const grade::ServerFacts& server, const HstsFacts& hsts) {
  fmt::print("\nServer\n");
  if (!server.groups13.empty()) fmt::print("  Groups of TLS 1.3     {}\n", groups_text(server.groups13));
  if (!server.groups12.empty()) fmt::print("  Groups before         {}\n", groups_text(server.groups12));
  if (server.dh_bits) fmt::print("  DH parameters         {} bits\n", *server.dh_bits);
  fmt::print("  Order of the suites   {}\n", !server.server_order   ? "unknown"
                                             : *server.server_order ? "the server's"
                                                                    : "the client's");
  fmt::print("  Secure renegotiation  {}\n", yes_or_no(server.secure_renegotiation));
  fmt::print("  TLS_FALLBACK_SCSV     {}\n", yes_or_no(server.fallback_scsv));
  fmt::print("  Compression           {}\n", server.compression ? "yes" : "no");
  fmt::print("  HSTS                  {}\n", hsts_text(hsts));
}

void print_chain(const grade::ChainFacts& chain, const std::string& trust) {
  fmt::print("\nCertificate, {} sent\n", chain.certificates.size());
  fmt::print("  Verified   {} ({})\n", chain.trusted() ? "yes" : "no: " + joined(chain.problems), safe(trust));
  fmt::print("  Name       {}\n", chain.name_matches ? "matches" : "does not match");
  for (std::size_t i = 0; i < chain.certificates.size(); ++i) {
    const grade::CertificateFacts& one = chain.certificates[i];
    fmt::print(
        "  {}  Subject    {}\n     Issuer     {}\n     Key        {}\n     Signature  {}\n     Valid      {} to {}\n",
        i, safe(one.info.subject), safe(one.info.issuer), key_text(one), one.signature, date(one.info.not_before),
        date(one.info.not_after));
    const auto names = alternative_names(one.info);
    if (!names.empty()) fmt::print("     Names      {}\n", safe(joined(names)));
    fmt::print("     SHA-256    {}\n", one.info.sha256_fingerprint);
  }
}

void print_session(const GradeReport& report) {
  fmt::print("\nConnection\n");
  if (!report.session) {
    fmt::print("  The TLS library here cannot connect: {}\n", safe(report.session_error));
    return;
  }
  const grade::SessionFacts& session = *report.session;
  fmt::print("  Version  {}\n  Suite    {}\n", session.version, session.suite);
  if (!session.group.empty()) fmt::print("  Group    {}, {} bits\n", session.group, session.group_bits);
  const auto& staple = report.evidence.staple;
  const std::string until =
      staple && staple->next_update != 0 ? fmt::format(", until {}", date(staple->next_update)) : "";
  fmt::print("  Staple   {}{}\n", staple ? staple->status : "none", until);
}

template <typename Fact>
json or_null(const std::optional<Fact>& fact) {
  return fact ? json(*fact) : json(nullptr);
}

json json_versions(const grade::ServerFacts& server) {
  json versions = json::array();
  for (const grade::Version version : grade::all_versions) {
    if (!server.offers(version)) continue;
    json suites = json::array();
    for (const ShownSuite& suite : suites_of(server, version)) {
      suites.push_back({{"name", suite.name},
                        {"bits", suite.bits},
                        {"forward_secret", suite.forward_secret},
                        {"aead", suite.aead},
                        {"broken", suite.broken}});
    }
    versions.push_back({{"version", grade::name_of(version)}, {"suites", suites}});
  }
  return versions;
}

json json_groups(const std::vector<std::uint16_t>& numbers) {
  json groups = json::array();
  for (const std::uint16_t number : numbers) {
    const grade::Group* group = grade::find_group(number);
    groups.push_back({{"name", grade::group_name(number)}, {"bits", group == nullptr ? 0 : group->bits}});
  }
  return groups;
}

json json_chain(const grade::ChainFacts& chain) {
  json certificates = json::array();
  for (const grade::CertificateFacts& one : chain.certificates) {
    certificates.push_back({{"subject", one.info.subject},
                            {"issuer", one.info.issuer},
                            {"key_type", one.key_type},
                            {"key_bits", one.key_bits},
                            {"curve", one.curve},
                            {"signature", one.signature},
                            {"not_before", date(one.info.not_before)},
                            {"not_after", date(one.info.not_after)},
                            {"names", alternative_names(one.info)},
                            {"sha256", one.info.sha256_fingerprint}});
  }
  return {{"trusted", chain.trusted()},
          {"problems", chain.problems},
          {"name_matches", chain.name_matches},
          {"incomplete", chain.incomplete},
          {"certificates", certificates}};
}

json json_session(const GradeReport& report) {
  if (!report.session) return {{"error", report.session_error}};
  const grade::SessionFacts& session = *report.session;
  const auto& staple = report.evidence.staple;
  return {{"version", session.version},
          {"suite", session.suite},
          {"group", session.group},
          {"group_bits", session.group_bits},
          {"staple", staple ? json(staple->status) : json(nullptr)}};
}

json json_reasons(const grade::Rating& rating) {
  json reasons = json::array();
  for (const grade::Reason& reason : rating.reasons) {
    reasons.push_back({{"cap", grade::name_of(reason.cap)}, {"reason", reason.what}, {"advice", reason.advice}});
  }
  return reasons;
}

}  // namespace

std::string shown_grade(const grade::Rating& rating) {
  const std::string_view name = grade::name_of(rating.grade);
  if (rating.grade > grade::Grade::m) return std::string(name);
  const bool misnamed = std::any_of(rating.reasons.begin(), rating.reasons.end(),
                                    [](const grade::Reason& reason) { return reason.cap == grade::Grade::m; });
  const char* ignored = rating.grade == grade::Grade::m ? "the name is"
                        : misnamed                      ? "trust and the name are"
                                                        : "trust is";
  return fmt::format("{}; if {} ignored: {}", name, ignored, grade::name_of(rating.grade_if_trusted));
}

void print_report(const GradeReport& report) {
  print_head(report);
  print_reasons(report.rating);
  print_suites(report.evidence.server);
  print_server(report.evidence.server, report.evidence.hsts);
  for (const grade::ChainFacts& chain : report.evidence.chains) print_chain(chain, report.trust);
  print_session(report);
}

json json_report(const GradeReport& report) {
  const grade::Rating& rating = report.rating;
  const grade::ServerFacts& server = report.evidence.server;
  json chains = json::array();
  for (const grade::ChainFacts& chain : report.evidence.chains) chains.push_back(json_chain(chain));
  return {{"target", report.target},
          {"server_name", report.server_name},
          {"grade", grade::name_of(rating.grade)},
          {"grade_if_trusted", grade::name_of(rating.grade_if_trusted)},
          {"score", rating.score},
          {"protocol_score", rating.protocol},
          {"key_exchange_score", rating.key_exchange},
          {"cipher_score", rating.cipher},
          {"reasons", json_reasons(rating)},
          {"next_steps", rating.next_steps},
          {"versions", json_versions(server)},
          {"groups_tls13", json_groups(server.groups13)},
          {"groups_tls12", json_groups(server.groups12)},
          {"dh_bits", or_null(server.dh_bits)},
          {"server_order", or_null(server.server_order)},
          {"secure_renegotiation", or_null(server.secure_renegotiation)},
          {"fallback_scsv", or_null(server.fallback_scsv)},
          {"compression", server.compression},
          {"hsts", {{"state", hsts_state(report.evidence.hsts.state)}, {"max_age", report.evidence.hsts.max_age_s}}},
          {"trust", report.trust},
          {"chains", chains},
          {"connection", json_session(report)},
          {"complete", server.complete},
          {"connections", server.connections}};
}

}  // namespace transom::cli
