#include "node/tls/tls_reload.h"

namespace transom::node {
namespace {

bool same_certificates(const tls::ServerContext& one, const tls::ServerContext& other) {
  const auto same = [](const tls::ServedCertificate& a, const tls::ServedCertificate& b) {
    return a.info.sha256_fingerprint == b.info.sha256_fingerprint;
  };
  return std::equal(one.certificates().begin(), one.certificates().end(), other.certificates().begin(),
                    other.certificates().end(), same);
}

}  // namespace

std::vector<std::string> TlsReload::files() const { return tls::files_of(*listener_.config().endpoint.tls); }

Status TlsReload::prepare(std::vector<std::string>& warnings) {
  auto context = tls::ServerContext::create(*listener_.config().endpoint.tls, resources_, warnings);
  if (!context) return tl::make_unexpected(context.error());
  prepared_ = std::move(*context);
  return {};
}

void TlsReload::settle(std::function<void()> ready) { stapler_.prepare({prepared_}, std::move(ready)); }

std::string TlsReload::commit() {
  const bool same = same_certificates(*listener_.tls(), *prepared_);
  listener_.set_tls(std::move(prepared_));
  return same ? "loaded again; the certificates are the same" : "new certificate loaded";
}

}  // namespace transom::node
