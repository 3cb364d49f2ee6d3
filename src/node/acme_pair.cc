#include "node/acme_pair.h"

#include <algorithm>

#include "acme/requests.h"
#include "node/durable_file.h"
#include "tls/certificate_builder.h"
#include "tls/chain.h"
#include "tls/ocsp.h"
#include "tls/openssl_error.h"
#include "tls/pem_file.h"

namespace transom::node {
namespace {

/// A clock that is a little behind is no reason to serve nothing.
constexpr std::int64_t kSkewS = 3600;

std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return text;
}

Status check_names(const tls::CertificateInfo& info, const std::vector<std::string>& domains) {
  for (const std::string& domain : domains) {
    const auto& names = info.dns_names;
    if (std::none_of(names.begin(), names.end(), [&](const std::string& name) { return lower(name) == domain; })) {
      return fail("is not for {}", domain);
    }
  }
  return {};
}

Status check_dates(const tls::CertificateInfo& info, std::int64_t now) {
  if (info.not_after <= now) return fail("expired at {}", tls::utc_text(info.not_after));
  if (info.not_before > now + kSkewS) {
    return fail("begins to be valid only at {} (is the clock of this machine right?)", tls::utc_text(info.not_before));
  }
  return {};
}

Result<std::string> chain_text(const tls::Chain& chain) {
  auto text = tls::certificate_pem(chain.leaf.get());
  for (const tls::LoadedCertificate& above : chain.above) {
    const auto more = tls::certificate_pem(above.certificate.get());
    if (!text || !more) return fail("cannot be written");
    *text += *more;
  }
  return text;
}

}  // namespace

Result<AcmePairFacts> judge_acme_pair(const AcmePair& pair, const std::vector<std::string>& domains, std::int64_t now) {
  const tls::ErrorScope errors;
  auto pool = tls::parse_certificates(pair.chain_pem, "the chain");
  if (!pool) return fail("cannot be read: {}", pool.error().message);
  const auto key = tls::parse_private_key(pair.key_pem, "its key");
  if (!key) return fail("cannot be used: {}", key.error().message);
  const bool several = pool->size() > 1;
  std::vector<std::string> ignored;
  const tls::Chain chain = tls::build_chain(std::move(*pool), key->get(), ignored);
  if (!chain.leaf) return fail("is not for our key");
  if (X509_self_signed(chain.leaf.get(), 0) == 1) return fail("is self-signed");
  if (several && !chain.issuer) return fail("was not signed by any of those sent with it");
  auto info = tls::certificate_info(chain.leaf.get());
  if (!info) return fail("cannot be read: {}", info.error().message);
  if (const auto good = check_names(*info, domains); !good) return tl::make_unexpected(good.error());
  if (const auto good = check_dates(*info, now); !good) return tl::make_unexpected(good.error());
  const auto text = chain_text(chain);
  if (!text) return tl::make_unexpected(text.error());
  return AcmePairFacts{std::move(*info), acme::renewal_id(chain.leaf.get()).value_or(""), *text};
}

Result<std::optional<AcmePair>> read_acme_pair(const AcmeFiles& files) {
  auto key = read_if_present(files.key);
  if (!key) return tl::make_unexpected(key.error());
  auto chain = read_if_present(files.chain);
  if (!chain) return tl::make_unexpected(chain.error());
  if (!*key || !*chain) return std::nullopt;
  return AcmePair{std::move(**key), std::move(**chain)};
}

}  // namespace transom::node
