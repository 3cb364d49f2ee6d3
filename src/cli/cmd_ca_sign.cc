#include <unistd.h>

#include <filesystem>
#include <iostream>

#include "cli/authority_issue.h"
#include "cli/cli_error.h"
#include "cli/commands.h"
#include "cli/input_file.h"
#include "pki/authority_constraints.h"
#include "pki/requests.h"

namespace transom::cli {
namespace {

std::string prefix_of(const std::string& file, const std::optional<std::string>& out) {
  if (out) return *out;
  if (file == "-") give_up("the request comes from the standard input; say where the certificate goes: --out PREFIX");
  return std::filesystem::path(file).stem().string();
}

/// Nobody signs unseen names by accident: a person says yes, a script has said so before.
void confirm(const std::string& file) {
  if (file == "-" || isatty(STDIN_FILENO) == 0) {
    give_up("nothing was signed; look at the names above, then say --yes");
  }
  fmt::print("Sign it? [y/N] ");
  std::fflush(stdout);
  std::string answer;
  std::getline(std::cin, answer);
  if (answer != "y" && answer != "yes") give_up("nothing was signed");
}

}  // namespace

int run_ca_sign(Arguments& arguments) {
  std::string file;
  IssueOptions options;
  bool yes = false;
  arguments.word("FILE.csr", file);
  options.declare(arguments, "Write PREFIX.pem (default: the request's own name, here)");
  arguments.flag("--yes", yes, "Sign without asking");
  if (const auto code = arguments.parse()) return *code;

  const auto request = value_or_give_up(pki::read_request(read_input(file, "request"), file));
  auto names = value_or_give_up(pki::requested_names(request.get(), file));
  const auto store = options.place.open();
  const auto plan = options.plan(store, std::move(names));
  const auto intermediate = certificate_in(store.intermediate_pem(), "intermediate.crt");
  value_or_give_up(pki::check_permitted(intermediate.get(), plan.names));
  const std::string certificate_file = prefix_of(file, options.out) + ".pem";
  check_outputs({certificate_file}, options.force);
  spare_inputs({certificate_file}, {file});

  EVP_PKEY* key = X509_REQ_get0_pubkey(request.get());
  fmt::print("names: {}\nkey:   {}\n\n", pki::alternative_names(plan.names), pki::describe_key(key));
  if (!yes) confirm(file);
  const Issued issued = issue(store, plan, key);
  deliver(store, issued, {{certificate_file, issued.chain_pem, kPublicMode}}, options.force);
  report(issued, plan);
  return 0;
}

}  // namespace transom::cli
