#include "node/tls/tls_reload.h"

#include <algorithm>

namespace transom::node {
namespace {

using tls::ServedCertificate;
using tls::ServerContext;

bool same(const ServerContext& one, const ServerContext& other,
          bool (*equal)(const ServedCertificate&, const ServedCertificate&)) {
  return std::equal(one.certificates().begin(), one.certificates().end(), other.certificates().begin(),
                    other.certificates().end(), equal);
}

bool same_leaf(const ServedCertificate& one, const ServedCertificate& other) {
  return one.info.sha256_fingerprint == other.info.sha256_fingerprint;
}

bool same_chain(const ServedCertificate& one, const ServedCertificate& other) { return one.chain == other.chain; }

/// A file that was cut off behind its first certificate looks like one that never had another.
void warn_of_lost_chains(const ServerContext& before, const ServerContext& now, std::vector<std::string>& warnings) {
  const std::size_t count = std::min(before.certificates().size(), now.certificates().size());
  for (std::size_t i = 0; i < count; ++i) {
    const ServedCertificate &old_one = before.certificates()[i], &new_one = now.certificates()[i];
    const bool lost = !old_one.chain.empty() && new_one.chain.empty() && !new_one.issuer;
    if (!lost || new_one.info.subject == new_one.info.issuer) continue;
    warnings.push_back(
        fmt::format("{}: the certificate was sent with {} of its chain until now, and is sent alone from now on; "
                    "clients that do not "
                    "know its issuer \"{}\" will refuse it: if the file was cut off, write it anew",
                    new_one.config.certificate_file, old_one.chain.size(), new_one.info.issuer));
  }
}

}  // namespace

TlsReload::TlsReload(serve::Listener& listener, const tls::ServerResources& resources, OcspStapler& stapler)
    : listener_(listener), resources_(resources), stapler_(stapler), loaded_(describe_files()) {}

std::vector<std::string> TlsReload::files() const { return tls::files_of(*listener_.config().endpoint.tls); }

std::vector<std::string> TlsReload::describe_files() const {
  std::vector<std::string> descriptions = files();
  for (std::string& one : descriptions) one = description_of(one);
  return descriptions;
}

Status TlsReload::prepare(std::vector<std::string>& warnings) {
  auto found = describe_files();
  auto context = ServerContext::create(*listener_.config().endpoint.tls, resources_, warnings);
  if (!context) return tl::make_unexpected(context.error());
  warn_of_lost_chains(*listener_.tls(), **context, warnings);
  prepared_ = std::move(*context);
  found_ = std::move(found);
  return {};
}

void TlsReload::settle(std::function<void()> ready) { stapler_.prepare({prepared_}, std::move(ready)); }

std::string TlsReload::commit() {
  const std::string text = describe_change();
  listener_.set_tls(std::move(prepared_));
  loaded_ = std::move(found_);
  return text;
}

std::string TlsReload::describe_change() const {
  if (!same(*listener_.tls(), *prepared_, same_leaf)) return "new certificate loaded";
  if (!same(*listener_.tls(), *prepared_, same_chain)) return "loaded again; the same certificate, with another chain";
  const auto names = files();
  std::string changed;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (found_[i] != loaded_[i]) changed += (changed.empty() ? "" : ", ") + names[i];
  }
  return changed.empty() ? "loaded again; the certificates are the same"
                         : "loaded again; these files have changed: " + changed;
}

}  // namespace transom::node
