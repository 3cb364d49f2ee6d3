#include <unistd.h>

#include <charconv>

#include "base/random.h"
#include "cli/cli_error.h"
#include "cli/commands.h"
#include "cli/grade_network.h"
#include "cli/grade_report.h"
#include "cli/places.h"
#include "grade/client_hello.h"
#include "grade/scanner.h"
#include "node/local_node.h"

namespace transom::cli {
namespace {

constexpr int kWorse = 1, kUsage = 2, kNoGrade = 3;
constexpr std::int64_t kDefaultSeconds = 60;
constexpr std::size_t kMaxFetchedIssuers = 3;

struct GradeOptions {
  std::string where;
  std::optional<std::string> ca, server_name, least;
  std::optional<std::int64_t> timeout_s;
  bool json = false;
};

[[noreturn]] void wrong_usage(const std::string& message) { throw CliError(message, kUsage); }

std::uint16_t read_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) {
    wrong_usage(fmt::format("\"{}\" is no port", text));
  }
  return port;
}

/// "example.com", "example.com:8443", "[::1]:8443", "::1" or a URL that begins with https:// or wss://.
void read_where(std::string text, GradeTarget& target) {
  for (const std::string_view scheme : {"https://", "wss://"}) {
    if (text.starts_with(scheme)) text = text.substr(scheme.size(), text.find('/', scheme.size()) - scheme.size());
  }
  const bool bracketed = text.starts_with('[') && text.find(']') != std::string::npos;
  const std::size_t end = bracketed                           ? text.find(']') + 1
                          : text.find(':') == text.rfind(':') ? std::min(text.find(':'), text.size())
                                                              : text.size();
  target.host = bracketed ? text.substr(1, end - 2) : text.substr(0, end);
  if (end < text.size()) {
    if (text[end] != ':') wrong_usage(fmt::format("\"{}\" is no HOST[:PORT]", text));
    target.port = read_port(std::string_view(text).substr(end + 1));
  }
  const bool odd = target.host.find_first_of("/ @?#%") != std::string::npos;
  if (target.host.empty() || odd) wrong_usage(fmt::format("\"{}\" is no HOST[:PORT]", text));
}

GradeTarget read_target(const GradeOptions& options) {
  GradeTarget target;
  read_where(options.where, target);
  target.server_name = options.server_name.value_or(target.host);
  target.until = after_seconds(options.timeout_s.value_or(kDefaultSeconds));
  return target;
}

bool is_loopback(const std::string& host) { return host == "localhost" || host == "::1" || host.starts_with("127."); }

/// As for the other clients: without --ca the local CA, where there is one, vouches for this machine's names.
std::string choose_ca(const GradeOptions& options, const std::string& host) {
  if (options.ca) return *options.ca;
  const std::string root = node::LocalNodeFiles(local_node_directory()).root_cert;
  return is_loopback(host) && access(root.c_str(), R_OK) == 0 ? root : "";
}

grade::StoreHandle load_trust(const std::string& ca_file) {
  auto trust = grade::make_trust(ca_file);
  if (!trust) throw CliError(trust.error().message, kUsage);
  return std::move(*trust);
}

using Chains = std::vector<std::vector<grade::Octets>>;

void add_chain(const std::vector<grade::Octets>& chain, Chains& chains) {
  const bool known = std::any_of(chains.begin(), chains.end(),
                                 [&](const auto& other) { return !chain.empty() && other.front() == chain.front(); });
  if (!chain.empty() && !known) chains.push_back(chain);
}

/// The certificates that the probes saw in the clear, and those that only a whole handshake shows.
Chains collect_chains(const GradeTarget& target, const GradeReport& report) {
  Chains chains;
  if (report.session) {
    add_chain(report.session->chain, chains);
    for (const grade::WantedKey key : {grade::WantedKey::ecdsa, grade::WantedKey::rsa}) {
      if (const auto session = open_session(target, key, false, false)) add_chain(session->facts.chain, chains);
    }
  }
  for (const auto& chain : report.evidence.server.chains) add_chain(chain, chains);
  const auto& ssl2 = report.evidence.server.ssl2;
  if (ssl2 && !ssl2->certificate.empty()) add_chain({ssl2->certificate}, chains);
  return chains;
}

std::int64_t seconds_now() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(now).count();
}

/// Where the way to a root is lost, the issuer is fetched from where the certificate says, as browsers do.
grade::ChainFacts judge(const std::vector<grade::Octets>& chain, X509_STORE* trust, const GradeTarget& target) {
  std::vector<grade::Octets> fetched;
  for (;;) {
    auto facts = grade::judge_chain(chain, fetched, trust, target.server_name, seconds_now());
    if (!facts) throw CliError(facts.error().message, kNoGrade);
    if (!facts->unknown_issuer || fetched.size() == kMaxFetchedIssuers) return std::move(*facts);
    const std::string url = grade::issuer_url(fetched.empty() ? chain.back() : fetched.back());
    auto issuer = url.empty() ? std::nullopt : fetch_issuer(url, target.until);
    if (!issuer) return std::move(*facts);
    fetched.push_back(std::move(*issuer));
  }
}

void look_at_session(const GradeTarget& target, GradeReport& report) {
  auto session = open_session(target, grade::WantedKey::any, false, true);
  if (!session) session = open_session(target, grade::WantedKey::any, true, true);
  grade::Evidence& evidence = report.evidence;
  if (session) {
    report.session = std::move(session->facts);
    evidence.hsts = grade::read_hsts(session->http_head);
    if (report.session->staple) evidence.staple = grade::read_staple(*report.session->staple);
  } else {
    report.session_error = session.error().message;
  }
  if (!grade::hsts_applies(target.server_name)) evidence.hsts.state = grade::HstsFacts::State::not_applicable;
}

GradeReport scan(const GradeTarget& target, const std::string& ca_file) {
  const grade::StoreHandle trust = load_trust(ca_file);
  GradeReport report;
  const bool v6 = target.host.find(':') != std::string::npos;
  report.target = fmt::format("{0}{1}{2}:{3}", v6 ? "[" : "", target.host, v6 ? "]" : "", target.port);
  report.server_name = target.server_name;
  report.named = target.server_name != target.host;
  report.trust = ca_file.empty() ? "the system's authorities" : fmt::format("the system's authorities and {}", ca_file);
  ProbeConnector connector(target);
  SystemRandom random;
  auto server = grade::Scanner(connector, random, target.server_name).run();
  if (!server) throw CliError(server.error().message, kNoGrade);
  report.evidence.server = std::move(*server);
  look_at_session(target, report);
  for (const auto& chain : collect_chains(target, report)) {
    report.evidence.chains.push_back(judge(chain, trust.get(), target));
  }
  report.rating = grade::rate(report.evidence);
  return report;
}

int exit_code(const GradeReport& report, const std::optional<grade::Grade>& least) {
  if (!least) return 0;
  if (report.rating.grade < *least) return kWorse;
  return report.evidence.server.complete ? 0 : kNoGrade;
}

}  // namespace

int run_tls_grade(Arguments& arguments) {
  GradeOptions options;
  arguments.word("HOST[:PORT]", options.where);
  arguments.text("--ca", options.ca, "FILE",
                 "Trust these CA certificates too (default: ./.transom's for this machine's names)");
  arguments.text("--servername", options.server_name, "NAME", "Ask for this name and expect it in the certificate");
  arguments.text("--min", options.least, "GRADE", "Exit with 1 if the grade is worse: A+, A, A-, B, C, D, E or F");
  arguments.number("--timeout", options.timeout_s, 1, 3'600, "SECONDS", "For the whole scan (default: 60)");
  arguments.flag("--json", options.json, "Print all that was found as JSON");
  if (const auto code = arguments.parse()) return *code;

  const auto least = options.least ? grade::grade_named(*options.least) : std::nullopt;
  if (options.least && !least) wrong_usage(fmt::format("--min: \"{}\" is no grade; A+ to F are", *options.least));
  const GradeTarget target = read_target(options);
  const GradeReport report = scan(target, choose_ca(options, target.host));
  if (options.json) {
    fmt::print("{}\n", json_report(report).dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  } else {
    print_report(report);
  }
  return exit_code(report, least);
}

}  // namespace transom::cli
