#include <ctime>
#include <nlohmann/json.hpp>

#include "cli/cli_error.h"
#include "cli/commands.h"
#include "cli/input_file.h"
#include "cli/output.h"
#include "cli/passphrase.h"
#include "pki/inspect.h"

namespace transom::cli {
namespace {

nlohmann::ordered_json json_of(const pki::Artefact& artefact) {
  nlohmann::ordered_json facts = nlohmann::ordered_json::array();
  for (const auto& [label, value] : artefact.facts) facts.push_back({{"label", label}, {"value", value}});
  return {{"kind", artefact.kind}, {"title", artefact.title}, {"facts", facts}, {"wrong", artefact.faults}};
}

std::string text_of(const pki::Artefact& artefact) {
  std::string text = artefact.title + "\n";
  for (const auto& [label, value] : artefact.facts) text += fmt::format("  {:<13} {}\n", label, value);
  for (const std::string& fault : artefact.faults) text += fmt::format("  wrong:        {}\n", fault);
  return text;
}

std::string shown(const std::vector<pki::Artefact>& artefacts, bool json) {
  if (json) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const pki::Artefact& artefact : artefacts) list.push_back(json_of(artefact));
    return list.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  }
  std::string text;
  for (const pki::Artefact& artefact : artefacts) text += (text.empty() ? "" : "\n") + text_of(artefact);
  return text;
}

}  // namespace

int run_cert_show(Arguments& arguments) {
  std::string path;
  bool json = false;
  PassphraseOptions options;
  arguments.word("FILE", path);
  arguments.flag("--json", json, "Print it as JSON");
  options.declare(arguments, "a key in it, which is shown only then");
  if (const auto code = arguments.parse()) return *code;

  const tls::Secret content = read_secret_input(path, "file");
  const bool open = options.given() && pki::needs_passphrase(content.text());
  const tls::Secret passphrase = open ? old_passphrase(options, path) : tls::Secret("");
  const auto objects = value_or_give_up(pki::read_objects(content.text(), path, passphrase.text()));
  print_output(shown(pki::inspect(objects, std::time(nullptr)), json));
  return 0;
}

}  // namespace transom::cli
