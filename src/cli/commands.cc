#include "cli/commands.h"

#include <fmt/format.h>

#include "cli/cli_error.h"
#include "node/config/diagnostic.h"

namespace transom::cli {
namespace {

constexpr int kUsageError = 2;

constexpr Command kCommands[] = {
    {"start", "Start a node and serve until it is told to stop.", "transom start --cbdir /etc/transom --cores 2",
     run_start},
    {"stop", "Stop the node that runs from a node directory.", "transom stop --cbdir /etc/transom", run_stop},
    {"reload", "Have a running node load its certificates and keys again.", "transom reload --cbdir /etc/transom",
     run_reload},
    {"status", "Say whether a node runs from a node directory.", "transom status --json", run_status},
    {"check", "Check a node's configuration.", "transom check --cbdir /etc/transom", run_check},
    {"init", "Write a configuration and a web page to begin with.", "transom init --appdir hello", run_init},
    {"version", "Print the versions of the program and its TLS library.", "transom version", run_version},
    {"publish", "Publish one event to a topic.", "transom publish com.example.hello '\"hi\"' 42 --kwargs '{\"a\": 1}'",
     run_publish},
    {"subscribe", "Print the events of a topic as they come, one JSON line each.",
     "transom subscribe com.example.hello --count 1", run_subscribe},
    {"call", "Call a procedure and print its result as JSON.", "transom call com.example.add 2 3", run_call},
    {"cert self-signed", "Make a key and a certificate that vouches for itself.",
     "transom cert self-signed server.example.com 192.0.2.7", run_cert_self_signed},
    {"cert request", "Make a key and a request for a certificate, to be sent to an authority.",
     "transom cert request www.example.com example.com", run_cert_request},
    {"cert show", "Say what is in a file of certificates or keys, and what is wrong with it.",
     "transom cert show server_cert.pem", run_cert_show},
    {"cert verify", "Say whether a Transom and browsers would take a certificate.",
     "transom cert verify --key server_key.pem --certificate server_cert.pem --name www.example.com", run_cert_verify},
    {"cert bundle", "Put a certificate and those of its authorities into the chain that a server sends.",
     "transom cert bundle www.crt authority.p7b --out server_cert.pem", run_cert_bundle},
    {"cert install", "Put a key and a certificate into a node directory, and have its node load them.",
     "transom cert install --key www.key --certificate www.pem --cbdir /etc/transom", run_cert_install},
    {"cert strip-passphrase", "Write a private key without its passphrase.",
     "transom cert strip-passphrase server.key --out server_key.pem", run_cert_strip_passphrase},
    {"cert dhparam", "Write Diffie-Hellman parameters of RFC 7919.", "transom cert dhparam --out dhparam.pem",
     run_cert_dhparam},
    {"ca init", "Make a certificate authority of your own.", "transom ca init --permit example.com 10.0.0.0/8",
     run_ca_init},
    {"ca issue", "Make a key and a certificate by your own authority.", "transom ca issue www.example.com 10.0.0.7",
     run_ca_issue},
    {"ca sign", "Sign a request for a certificate by your own authority.", "transom ca sign www.example.com.csr",
     run_ca_sign},
    {"ca list", "List what your own authority has issued.", "transom ca list", run_ca_list},
    {"ca revoke", "Take a certificate of your own authority back.",
     "transom ca revoke www.example.com.pem --reason keyCompromise", run_ca_revoke},
    {"ca crl", "Write a fresh revocation list of your own authority.", "transom ca crl --days 7", run_ca_crl},
    {"ca ocsp", "Answer by OCSP whether certificates of your own authority are good.", "transom ca ocsp --port 2560",
     run_ca_ocsp},
    {"ca export", "Write your own authority's root for browsers and systems.", "transom ca export --out example-root",
     run_ca_export},
    {"ca trust", "Have this machine and its browsers trust an authority.", "transom ca trust --store chromium,firefox",
     run_ca_trust},
    {"ca untrust", "Have them trust it no longer.", "transom ca untrust --ca old-root.crt", run_ca_untrust},
    {"tls grade", "Grade a server's TLS as SSL Labs would, and say what to change.",
     "transom tls grade localhost:8443 --min A", run_tls_grade},
    {"tls list", "Show which suites a cipher list stands for, and the groups there are.",
     "transom tls list 'ECDHE+AESGCM:DHE+AESGCM'", run_tls_list},
};

void print_help() {
  fmt::print(
      "Transom, a WAMP router and web server over TLS.\n\n"
      "Usage: transom COMMAND [OPTIONS]\n\nCommands:\n");
  for (const Command& command : kCommands) fmt::print("  {:<22} {}\n", command.name, command.summary);
  fmt::print(
      "\nEach takes --help. Without any configuration, `transom start` serves https://localhost:8443/ on this machine "
      "only.\n");
}

int unknown(const std::string& word) {
  std::vector<std::string> names;
  for (const Command& command : kCommands) names.emplace_back(command.name);
  std::string hint;
  for (const std::string& name : names) {
    // The first of two words.
    if (name.starts_with(word + " ")) hint += fmt::format("{} \"{}\"", hint.empty() ? "" : " or", name);
  }
  if (const std::string nearest = node::nearest_name(word, names); hint.empty() && !nearest.empty()) {
    hint = fmt::format(" \"{}\"", nearest);
  }
  fmt::print(stderr, "transom: there is no command \"{}\"{}; see transom --help\n", word,
             hint.empty() ? "" : fmt::format(", did you mean{}?", hint));
  return kUsageError;
}

/// How many words of the line name the command; 0: another one.
std::size_t matched_words(const Command& command, const std::vector<std::string>& line) {
  if (!line.empty() && command.name == line[0]) return 1;
  return line.size() > 1 && command.name == line[0] + " " + line[1] ? 2 : 0;
}

int run_command(const Command& command, std::vector<std::string> line) {
  Arguments arguments(std::string(command.name), std::string(command.summary), std::string(command.example),
                      std::move(line));
  try {
    return command.run(arguments);
  } catch (const CliError& error) {
    fmt::print(stderr, "transom {}: {}\n", command.name, error.what());
    return error.exit_code();
  } catch (const std::exception& error) {
    fmt::print(stderr, "transom {}: {}\n", command.name, error.what());
    return 1;
  }
}

}  // namespace

std::span<const Command> commands() { return kCommands; }

int run_line(const std::vector<std::string>& line) {
  if (line.empty()) {
    print_help();
    return kUsageError;
  }
  if (line[0] == "--help" || line[0] == "-h" || line[0] == "help") {
    print_help();
    return 0;
  }
  if (line[0] == "--version") return run_line({"version"});
  for (const Command& command : kCommands) {
    const auto count = static_cast<std::ptrdiff_t>(matched_words(command, line));
    if (count > 0) return run_command(command, {line.begin() + count, line.end()});
  }
  return unknown(line[0]);
}

}  // namespace transom::cli
