#include "serve/transport_facts.h"

#include <utility>

#include "serve/connection.h"
#include "tls/connection_facts.h"

namespace transom::serve {
namespace {

/// Crossbar's look: "tcp4:127.0.0.1:4711".
std::string typed_address(const std::string& peer) {
  if (peer.empty() || peer == "unix") return "unix";
  return (peer.front() == '[' ? "tcp6:" : "tcp4:") + peer;
}

router::ClientCertificate certificate_of(tls::PeerCertificate peer) {
  return {std::move(peer.subject),      std::move(peer.issuer), std::move(peer.common_name),
          std::move(peer.serial),       peer.not_before,        peer.not_after,
          std::move(peer.sha1),         std::move(peer.sha256), std::move(peer.dns_names),
          std::move(peer.ip_addresses), std::move(peer.emails), std::move(peer.uris)};
}

}  // namespace

router::TransportFacts transport_facts(const Connection& connection, std::string_view framing,
                                       std::string_view serializer) {
  router::TransportFacts facts;
  facts.peer = typed_address(connection.peer());
  facts.framing = framing;
  facts.serializer = serializer;
  const tls::Stream* stream = connection.tls();
  if (stream == nullptr) return facts;
  tls::ConnectionFacts known = tls::connection_facts(stream->native());
  facts.tls = router::TlsFacts{std::move(known.version),
                               std::move(known.suite),
                               std::move(known.group),
                               std::move(known.server_name),
                               known.resumed,
                               tls::channel_id(stream->native(), "tls-unique"),
                               tls::channel_id(stream->native(), "tls-exporter")};
  if (known.peer) facts.certificate = certificate_of(std::move(*known.peer));
  return facts;
}

}  // namespace transom::serve
