#include "cli/banner.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "cli/places.h"
#include "node/files/durable_file.h"
#include "tls/certificate_info.h"

namespace transom::cli {
namespace {

namespace fs = std::filesystem;

std::string fingerprint_of(const std::string& file) {
  const auto pem = node::read_if_present(file);
  if (!pem || !*pem) return "(cannot be read)";
  const auto info = tls::certificate_info(**pem);
  return info ? info->sha256_fingerprint : "(cannot be read)";
}

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

bool is_on_path(std::string_view program) {
  std::string_view rest = std::getenv("PATH") == nullptr ? "" : std::getenv("PATH");
  while (!rest.empty()) {
    const std::string_view directory = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(rest.size(), directory.size() + 1));
    if (access((fs::path(directory) / program).c_str(), X_OK) == 0) return true;
  }
  return false;
}

/// The example for which everything is there: the one with a client library if that is installed, else the one that
/// needs nothing but a recent Node.js.
std::string node_line(const LocalNodeNews& news, const std::string& root, const fs::path& examples) {
  if (examples.empty() || !is_on_path("node")) return "";
  const bool library = is_there(examples / "node_modules" / "autobahn");
  const fs::path script = examples / (library ? "publish_subscribe.mjs" : "hello.mjs");
  if (!is_there(script)) return "";
  const std::string url = news.port == node::kLocalNodePort ? "" : " " + news.websocket_url();
  return fmt::format("  Node.js:   NODE_EXTRA_CA_CERTS={} node {}{}{}\n", root, shell_word(script.string()), url,
                     library ? "" : "  # Node.js 22 or newer");
}

std::string endpoint_of(const serve::EndpointConfig& endpoint) {
  if (endpoint.type == serve::EndpointConfig::Type::unix) return "unix:" + endpoint.path;
  const std::string port = std::to_string(endpoint.port);
  if (endpoint.interfaces.empty()) return "port " + port + " of every address";
  std::string text;
  for (const std::string& address : endpoint.interfaces) {
    const bool v6 = address.find(':') != std::string::npos;
    text += (text.empty() ? "" : ", ") + (v6 ? "[" + address + "]" : address) + ":" + port;
  }
  return text;
}

std::string protocol_of(const serve::TransportConfig& transport) {
  const bool tls = transport.endpoint.tls.has_value();
  return transport.websocket ? (tls ? "wss" : "ws") : (tls ? "https" : "http");
}

}  // namespace

std::string LocalNodeNews::page_url() const { return fmt::format("https://localhost:{}/", port); }

std::string LocalNodeNews::websocket_url() const { return fmt::format("wss://localhost:{}/ws", port); }

std::string examples_directory(const std::string& program) {
  const fs::path directory = fs::path(program).parent_path();
  for (const fs::path& candidate : {directory / "../../examples", directory / "../share/transom/examples"}) {
    std::error_code error;
    if (fs::is_directory(candidate, error)) return candidate.lexically_normal().string();
  }
  return "";
}

std::string local_banner(const LocalNodeNews& news) {
  const std::string root_file = node::LocalNodeFiles(news.directory).root_cert;
  const std::string root = shell_word(root_file);
  const std::string program_file = program_path();
  const std::string program = shell_word(program_file);
  std::string text = fmt::format("\nTransom {} serves, on this machine only:\n\n", TRANSOM_VERSION);
  text += fmt::format("  Page:      {}\n", news.page_url());
  text += fmt::format("  WAMP:      {}  realm: realm1\n", news.websocket_url());
  text += fmt::format("  Local CA:  {}{}\n", root_file, news.changes.new_ca ? "  (new)" : "");
  text += fmt::format("  SHA-256:   {}\n", fingerprint_of(root_file));
  text += "\nTry, in another terminal:\n\n";
  if (is_on_path("curl")) text += fmt::format("  curl:      curl --cacert {} {}\n", root, news.page_url());
  text += node_line(news, root, examples_directory(program_file));
  const std::string there = "cd " + shell_word(fs::path(news.directory).parent_path().string()) + " && ";
  text += fmt::format("  browser:   {}{} ca trust\n", there, program);
  text += fmt::format("  receive:   {}{} subscribe com.example.hello\n", there, program);
  text += fmt::format("  send:      {}{} publish com.example.hello '\"hi\"'\n", there, program);
  return text + fmt::format("\nStop it with Ctrl-C or: {}{} stop\n\n", there, program);
}

std::string configured_banner(const node::NodeConfig& config) {
  std::string text = fmt::format("Transom {} serves {}:\n", TRANSOM_VERSION, config.config_file);
  for (const node::WorkerConfig& worker : config.workers) {
    for (const serve::TransportConfig& transport : worker.transports) {
      text += fmt::format("  {} {}: {} on {}\n", worker.id, transport.id, protocol_of(transport),
                          endpoint_of(transport.endpoint));
    }
  }
  return text;
}

std::string count_of_errors(const node::LoadedConfig& loaded) {
  const std::size_t count = loaded.count(node::Diagnostic::Severity::error);
  return fmt::format("{} error{}", count, count == 1 ? "" : "s");
}

}  // namespace transom::cli
