#include "cli/authority_options.h"
#include "cli/cli_error.h"
#include "cli/commands.h"
#include "cli/log_scope.h"
#include "io/signals.h"
#include "node/authority/responder.h"
#include "serve/core_group.h"

namespace transom::cli {
namespace {

constexpr std::int64_t kDefaultPort = 2560;
constexpr std::int64_t kHourS = 3600;
constexpr std::int64_t kDefaultHours = 24;

serve::TransportConfig transport_of(const node::AuthorityStore& store, std::string interface, std::uint16_t port,
                                    std::int64_t valid_s) {
  serve::TransportConfig transport;
  transport.id = "ocsp";
  transport.endpoint.interfaces = {std::move(interface)};
  transport.endpoint.port = port;
  transport.web.raw_targets = true;
  const auto issuer = std::make_shared<const pki::SigningPair>(value_or_give_up(store.intermediate()));
  transport.paths["/"].service = serve::CommandServiceConfig{
      [store, issuer, valid_s] { return std::make_unique<node::AuthorityResponder>(store, issuer, valid_s); }};
  return transport;
}

void serve_until_told(serve::CoreGroup& group) {
  const io::Signals signals(group.core(0).loop(), [&group](int number) {
    if (number != SIGHUP) group.stop();
  });
  group.accept();
  group.run();
}

}  // namespace

int run_ca_ocsp(Arguments& arguments) {
  AuthorityPlace place;
  std::optional<std::string> interface;
  std::optional<std::int64_t> port, hours;
  place.declare(arguments);
  arguments.number("--port", port, 1, 65535, "PORT", "Where to listen (default: 2560)");
  arguments.text("--interface", interface, "ADDRESS", "Where to listen (default: 127.0.0.1, this machine only)");
  arguments.number("--hours", hours, 1, 24 * 30, "HOURS", "How long an answer may be kept (default: 24)");
  if (const auto code = arguments.parse()) return *code;

  const auto store = place.open();
  const std::string address = interface.value_or("127.0.0.1");
  const auto number = static_cast<std::uint16_t>(port.value_or(kDefaultPort));
  io::hold_signals();
  const LogScope log(LogLevel::info);
  serve::CoreGroup group(1, {});
  group.add_listener(transport_of(store, address, number, hours.value_or(kDefaultHours) * kHourS), {});
  std::vector<std::string> warnings;
  io::InheritedSockets inherited;
  value_or_give_up(group.open({}, inherited, warnings));
  fmt::print("Answers for the authority in {} at http://{}:{}/ until Ctrl-C\n", store.directory(),
             address.find(':') == std::string::npos ? address : "[" + address + "]", number);
  std::fflush(stdout);
  serve_until_told(group);
  return 0;
}

}  // namespace transom::cli
