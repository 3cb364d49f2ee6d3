#include "tls/context.h"

#include <algorithm>

#include "tls/acme_handshake.h"
#include "tls/certificate_pair.h"
#include "tls/client_auth.h"
#include "tls/dh_parameters.h"
#include "tls/exchange.h"
#include "tls/name_plan.h"
#include "tls/ocsp.h"
#include "tls/ocsp_staples.h"
#include "tls/offer.h"
#include "tls/openssl_error.h"
#include "tls/policy.h"
#include "tls/sni_store.h"

namespace transom::tls {
namespace {

// In the form of the wire: a length, then the name.
constexpr unsigned char our_protocols[] = "\x08http/1.1";
constexpr unsigned int our_protocols_length = sizeof our_protocols - 1;

constexpr unsigned char session_id_context[] = "transom";

constexpr unsigned char acme_protocol[] =
    "\x0a"
    "acme-tls/1";
constexpr unsigned int acme_protocol_length = sizeof acme_protocol - 1;

/// RFC 7301: a client that offers only protocols that we do not speak gets no_application_protocol.
int select_protocol(SSL* ssl, const unsigned char** out, unsigned char* out_length, const unsigned char* offered,
                    unsigned int offered_length, void*) {
  const bool acme = is_acme_handshake(ssl);
  unsigned char* chosen = nullptr;
  const int found = SSL_select_next_proto(&chosen, out_length, acme ? acme_protocol : our_protocols,
                                          acme ? acme_protocol_length : our_protocols_length, offered, offered_length);
  if (found != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_ALERT_FATAL;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

/// Sessions are resumed by tickets alone: a cache would be state shared by all cores.
void apply_sessions(SSL_CTX* context) {
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_session_id_context(context, session_id_context, sizeof session_id_context - 1);
}

/// Everything that a configuration comes to, before any context is made.
struct Material {
  std::vector<CertificatePair> pairs;
  NamePlan plan;
  KeyHandle dh_parameters;  // null: none
  Policy policy;
};

Status load_pairs(const ServerConfig& config, Material& material, std::vector<std::string>& warnings) {
  if (config.certificates.empty()) return fail("`tls` names no certificate: it needs `key` and `certificate`");
  std::vector<NamedCertificate> named;
  for (const CertificateConfig& one : config.certificates) {
    auto pair = load_pair(one, config.key_rules(), warnings);
    if (!pair) return tl::make_unexpected(pair.error());
    named.push_back(
        {one.certificate_file, EVP_PKEY_get0_type_name(pair->key.get()), pair->names, pair->info.ip_addresses});
    material.pairs.push_back(std::move(*pair));
  }
  material.plan = plan_names(named, warnings);
  return {};
}

Status load_dh_parameters(const ServerConfig& config, Material& material, std::vector<std::string>& warnings) {
  int rsa_bits = 0;
  for (const CertificatePair& pair : material.pairs) {
    if (authentication_kind(pair.key.get()) == "RSA") rsa_bits = std::max(rsa_bits, EVP_PKEY_get_bits(pair.key.get()));
  }
  auto parameters = choose_dh_parameters(config, rsa_bits, warnings);
  if (!parameters) return tl::make_unexpected(parameters.error());
  material.dh_parameters = std::move(*parameters);
  return {};
}

Status choose_material_policy(const ServerConfig& config, Material& material, std::vector<std::string>& warnings) {
  std::vector<KeyKinds> kinds;
  for (const auto& set : material.plan.sets) {
    KeyKinds& of_set = kinds.emplace_back();
    for (const std::size_t i : set) of_set.insert(authentication_kind(material.pairs[i].key.get()));
  }
  const DhParameters dh = material.dh_parameters        ? DhParameters::present
                          : config.dhparam_file.empty() ? DhParameters::none
                                                        : DhParameters::refused;
  auto policy = choose_policy(config, dh, kinds, warnings);
  if (!policy) return tl::make_unexpected(policy.error());
  material.policy = std::move(*policy);
  return {};
}

Result<Material> load_material(const ServerConfig& config, std::vector<std::string>& warnings) {
  Material material;
  if (auto status = load_pairs(config, material, warnings); !status) return tl::make_unexpected(status.error());
  if (auto status = load_dh_parameters(config, material, warnings); !status) {
    return tl::make_unexpected(status.error());
  }
  if (auto status = choose_material_policy(config, material, warnings); !status) {
    return tl::make_unexpected(status.error());
  }
  return material;
}

Status use_dh_parameters(SSL_CTX* context, EVP_PKEY* parameters) {
  if (parameters == nullptr) return {};
  const ErrorScope errors;
  if (EVP_PKEY_up_ref(parameters) == 1 && SSL_CTX_set0_tmp_dh_pkey(context, parameters) == 1) return {};
  return fail("the `dhparam` parameters cannot be used: {}", openssl_reason());
}

/// A context for one set of certificates. All contexts of an endpoint are alike but for these: a handshake begins with
/// the first one, and after its server name has chosen another, OpenSSL takes a part of the settings from either.
Status fill(SSL_CTX* context, const ServerConfig& config, const ServerResources& resources, const Material& material,
            std::vector<std::string>& warnings) {
  if (auto status = apply_policy(context, material.policy); !status) return status;
  apply_sessions(context);
  if (auto status = apply_tickets(context, config.tickets, config.key_rules(), resources.ticket_keys, warnings);
      !status) {
    return status;
  }
  if (auto status = apply_client_auth(context, config.client_auth, warnings); !status) return status;
  // The authorities of clients are not ours: without this OpenSSL would fill up our chain from among them.
  SSL_CTX_set_mode(context, SSL_MODE_NO_AUTO_CHAIN);
  guard_against_floods(context);
  SSL_CTX_set_alpn_select_cb(context, select_protocol, nullptr);
  use_staples(context);
  if (resources.acme_challenges && !answer_acme_challenges(context, resources.acme_challenges))
    return fail("out of memory");
  return use_dh_parameters(context, material.dh_parameters.get());
}

Status use_pairs(SSL_CTX* context, const Material& material, const std::vector<std::size_t>& set) {
  for (const std::size_t i : set) {
    if (auto status = use_pair(context, material.pairs[i]); !status) return status;
  }
  return {};
}

/// One context for each set of certificates, tied together by server name; gives the first.
Result<ContextHandle> make_contexts(const ServerConfig& config, const ServerResources& resources,
                                    const Material& material, std::vector<std::string>& warnings) {
  std::vector<ContextHandle> contexts;
  std::vector<std::string> repeated;  // all contexts have the same to say
  for (const auto& set : material.plan.sets) {
    ContextHandle context(SSL_CTX_new(TLS_server_method()));
    if (!context) return fail("cannot set up TLS: {}", openssl_reason());
    auto& heard = contexts.empty() ? warnings : repeated;
    if (auto status = fill(context.get(), config, resources, material, heard); !status) {
      return tl::make_unexpected(status.error());
    }
    if (auto status = use_pairs(context.get(), material, set); !status) return tl::make_unexpected(status.error());
    contexts.push_back(std::move(context));
  }
  ContextsByName by_name;
  for (const auto& [name, set] : material.plan.set_of) by_name[name] = set == 0 ? nullptr : contexts[set].get();
  if (!use_server_names(contexts.front().get(), by_name)) return fail("cannot set up TLS: {}", openssl_reason());
  return std::move(contexts.front());
}

CertificateHandle another_reference(X509* certificate) {
  if (certificate != nullptr) X509_up_ref(certificate);
  return CertificateHandle(certificate);
}

ServedCertificate serve(const CertificatePair& pair, bool stapling, const ServerResources& resources) {
  ServedCertificate served;
  served.config = pair.config;
  served.info = pair.info;
  served.leaf = another_reference(pair.chain.leaf.get());
  served.issuer = another_reference(pair.chain.issuer.get());
  for (const LoadedCertificate& one : pair.chain.above)
    served.chain.push_back(fingerprint(one.certificate.get(), EVP_sha256()));
  served.server_names = pair.names;
  served.ocsp_url = ocsp_responder(served.leaf.get());
  served.must_staple = must_staple(served.leaf.get());
  if (resources.staples && (stapling || !pair.config.staple_file.empty()))
    served.staple = resources.staples->slot(served.info.sha256_fingerprint);
  attach_staple(served.leaf.get(), served.staple);
  return served;
}

}  // namespace

Result<std::shared_ptr<const ServerContext>> ServerContext::create(const ServerConfig& config,
                                                                   const ServerResources& resources,
                                                                   std::vector<std::string>& warnings) {
  const ErrorScope errors;
  const auto material = load_material(config, warnings);
  if (!material) return tl::make_unexpected(material.error());
  auto context = make_contexts(config, resources, *material, warnings);
  if (!context) return tl::make_unexpected(context.error());
  auto crls = crl_dates(config.client_auth);
  if (!crls) return tl::make_unexpected(crls.error());
  std::shared_ptr<ServerContext> made(new ServerContext(context->release()));
  for (const CertificatePair& pair : material->pairs)
    made->certificates_.push_back(serve(pair, config.stapling, resources));
  made->crls_ = std::move(*crls);
  made->offer_ = describe_offer(config, material->policy, made->certificates_);
  return made;
}

ServerContext::~ServerContext() { SSL_CTX_free(context_); }

std::string library_version() { return OpenSSL_version(OPENSSL_VERSION); }

}  // namespace transom::tls
