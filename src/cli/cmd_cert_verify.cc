#include <ctime>
#include <nlohmann/json.hpp>

#include "cli/certificate_input.h"
#include "cli/cli_error.h"
#include "cli/commands.h"
#include "cli/input_file.h"
#include "cli/server_trial.h"
#include "pki/bundle.h"
#include "pki/printable.h"
#include "pki/verify.h"
#include "tls/certificate_info.h"

namespace transom::cli {
namespace {

struct Request {
  std::string certificate;
  std::optional<std::string> key, ca, host;
  PassphraseOptions passphrase;
};

struct Verdict {
  tls::CertificateInfo info;
  std::optional<ServerTrial> server;  // nothing without a key
  std::vector<std::string> browser;   // why they refuse it
  std::string trusted;                // by whom it was judged
};

pki::Authorities authorities_for(const Request& request) {
  if (!request.ca) return value_or_give_up(pki::system_authorities());
  const std::vector<std::string> paths = {*request.ca};
  return value_or_give_up(pki::own_authorities(read_certificates(paths, {})));
}

/// The chain as the server would send it, in order and without what does not belong.
pki::Bundle chain_of(const Request& request) {
  const std::vector<std::string> paths = {request.certificate};
  return value_or_give_up(pki::make_bundle(read_certificates(paths, {}), nullptr));
}

Verdict judge(const Request& request) {
  const pki::Bundle bundle = chain_of(request);
  const pki::Authorities authorities = authorities_for(request);
  Verdict verdict;
  verdict.info = value_or_give_up(tls::certificate_info(bundle.chain.leaf.get()));
  verdict.trusted = request.ca ? "the authorities of " + *request.ca : "the authorities of this machine";
  if (request.key) {
    verdict.server = try_pair(*request.key, request.certificate, request.passphrase, tls::KeyPermissions::refuse);
  }
  verdict.browser = browser_refusals(bundle.chain, authorities, request.host.value_or(""),
                                     static_cast<std::int64_t>(std::time(nullptr)));
  return verdict;
}

bool is_good(const Verdict& verdict) {
  return verdict.browser.empty() && (!verdict.server || verdict.server->refusal.empty());
}

void print_text(const Verdict& verdict) {
  fmt::print("certificate {}, {}, SHA-256 {}\n", pki::printable(verdict.info.subject), verdict.info.key,
             verdict.info.sha256_fingerprint);
  if (verdict.server) {
    const ServerTrial& server = *verdict.server;
    fmt::print("Transom:  {}\n", server.refusal.empty() ? "takes it" : "refuses it: " + pki::printable(server.refusal));
    for (const std::string& warning : server.warnings) fmt::print("  warning: {}\n", pki::printable(warning));
  }
  fmt::print("Browsers: {} (judged by {})\n", verdict.browser.empty() ? "take it" : "refuse it", verdict.trusted);
  for (const std::string& refusal : verdict.browser) fmt::print("  - {}\n", refusal);
}

void print_json(const Verdict& verdict) {
  nlohmann::ordered_json answer = {{"ok", is_good(verdict)},
                                   {"subject", verdict.info.subject},
                                   {"sha256", verdict.info.sha256_fingerprint},
                                   {"browsers", {{"ok", verdict.browser.empty()}, {"wrong", verdict.browser}}}};
  if (verdict.server) {
    std::vector<std::string> wrong;
    if (!verdict.server->refusal.empty()) wrong.push_back(verdict.server->refusal);
    answer["server"] = {{"ok", wrong.empty()}, {"wrong", wrong}, {"warnings", verdict.server->warnings}};
  }
  fmt::print("{}\n", answer.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace

int run_cert_verify(Arguments& arguments) {
  Request request;
  std::optional<std::string> certificate;
  bool json = false;
  arguments.text("--certificate", certificate, "FILE", "The certificate, with its chain");
  arguments.text("--key", request.key, "FILE", "Its private key: whether a Transom would take the two");
  arguments.text("--ca", request.ca, "FILE", "Whom the browsers trust (default: the authorities of this machine)");
  arguments.text("--name", request.host, "HOST", "The host name or address that browsers will go to");
  arguments.flag("--json", json, "Print it as JSON");
  request.passphrase.declare(arguments, "the key, as a node would have it");
  if (const auto code = arguments.parse()) return *code;
  if (!certificate) give_up("name the certificate: --certificate FILE");
  refuse_standard_input(request.key, "--key");
  refuse_standard_input(request.passphrase.file, "--passphrase-file");
  if (request.key || request.ca == "-") refuse_standard_input(certificate, "--certificate");
  request.certificate = *certificate;

  const Verdict verdict = judge(request);
  if (json) {
    print_json(verdict);
  } else {
    print_text(verdict);
  }
  return is_good(verdict) ? 0 : 1;
}

}  // namespace transom::cli
