// The configuration reader: any text, as JSON and as YAML, gives a configuration or errors with places inside of the
// text. Files that it names are not touched.
#include <algorithm>
#include <cstdlib>
#include <string>

#include "base/bytes.h"
#include "node/config/config.h"

namespace {

using namespace transom;

void require(bool condition) {
  if (!condition) std::abort();
}

void check(std::string_view text, node::ConfigFormat format, const node::LoadOptions& options) {
  const node::LoadedConfig loaded = node::parse_node_config(text, format, "/node/config", options);
  const int lines = static_cast<int>(std::count(text.begin(), text.end(), '\n')) + 2;
  for (const node::Diagnostic& diagnostic : loaded.diagnostics) {
    require(!diagnostic.message.empty() && diagnostic.line >= 0);
    // YAML knows more line ends than JSON, so only there a line number may be larger.
    require(format == node::ConfigFormat::yaml || diagnostic.line <= lines);
  }
  if (!loaded.ok()) return;
  for (const node::WorkerConfig& worker : loaded.config.workers) {
    require(!worker.id.empty());
    for (const serve::TransportConfig& transport : worker.transports) {
      require(transport.websocket || !transport.paths.empty() || transport.endpoint.backlog > 0);
      if (transport.websocket) require(!transport.websocket->serializers.empty());
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  node::LoadOptions options;
  options.node_directory = "/node";
  options.check_files = false;
  options.environment = [](const std::string& name) -> std::optional<std::string> {
    return name == "PORT" ? std::optional<std::string>("8080") : std::nullopt;
  };
  const std::string_view text = as_text({data, size});
  check(text, node::ConfigFormat::json, options);
  check(text, node::ConfigFormat::yaml, options);
  return 0;
}
