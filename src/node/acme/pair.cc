#include "node/acme/pair.h"

#include <algorithm>

#include "acme/requests.h"
#include "node/files/durable_file.h"
#include "tls/certificate_builder.h"
#include "tls/certificate_pair.h"
#include "tls/chain.h"
#include "tls/ocsp.h"
#include "tls/openssl_error.h"
#include "tls/pem_file.h"

namespace transom::node {
namespace {

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

/// By the rules that the node will hold it against when it loads it, with the size of keys and the signatures above it.
Status check_usable(tls::CertificatePair pair) {
  const tls::ContextHandle context(SSL_CTX_new(TLS_server_method()));
  if (!context) return fail("cannot be tried: {}", tls::openssl_reason());
  SSL_CTX_set_security_level(context.get(), 2);
  if (X509_check_purpose(pair.chain.leaf.get(), X509_PURPOSE_SSL_SERVER, 0) != 1) return fail("is not for servers");
  pair.config.certificate_file = "the chain";
  if (const auto used = tls::use_pair(context.get(), pair); !used) {
    return fail("cannot be served: {}", used.error().message);
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
  auto key = tls::parse_private_key(pair.key_pem, "its key");
  if (!key) return fail("cannot be used: {}", key.error().message);
  const bool several = pool->size() > 1;
  std::vector<std::string> ignored;
  auto built = tls::build_chain(std::move(*pool), key->get(), ignored);
  if (!built) return fail("cannot be used: {}", built.error().message);
  tls::Chain chain = std::move(*built);
  if (!chain.leaf) return fail("is not for our key");
  if (X509_self_signed(chain.leaf.get(), 0) == 1) return fail("is self-signed");
  if (several && !chain.issuer) return fail("was not signed by any of those sent with it");
  auto info = tls::certificate_info(chain.leaf.get());
  if (!info) return fail("cannot be read: {}", info.error().message);
  if (const auto good = check_names(*info, domains); !good) return tl::make_unexpected(good.error());
  // One that begins later is no worse: then our clock is behind, and those of clients need not be.
  if (info->not_after <= now) return fail("expired at {}", tls::utc_text(info->not_after));
  const auto text = chain_text(chain);
  if (!text) return tl::make_unexpected(text.error());
  const std::string renewal_id = acme::renewal_id(chain.leaf.get()).value_or("");
  if (const auto good = check_usable({{}, std::move(*key), std::move(chain), *info, {}}); !good) {
    return tl::make_unexpected(good.error());
  }
  return AcmePairFacts{std::move(*info), renewal_id, *text};
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
