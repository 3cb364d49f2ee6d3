#include "tls/context.h"

#include <openssl/dh.h>
#include <openssl/err.h>
#include <sys/stat.h>

#include <algorithm>
#include <string_view>

#include "tls/certificate_info.h"
#include "tls/chain.h"
#include "tls/client_auth.h"
#include "tls/exchange.h"
#include "tls/ocsp.h"
#include "tls/ocsp_staples.h"
#include "tls/openssl_error.h"
#include "tls/pem_file.h"
#include "tls/policy.h"

namespace transom::tls {
namespace {

constexpr int min_dh_bits = 2048;
constexpr int max_dh_bits = 8192;  // more is only a way to be kept busy

// In the form of the wire: a length, then the name.
constexpr unsigned char our_protocols[] = "\x08http/1.1";
constexpr unsigned int our_protocols_length = sizeof our_protocols - 1;

constexpr unsigned char session_id_context[] = "transom";

/// RFC 7301: a client that offers only protocols that we do not speak gets no_application_protocol.
int select_protocol(SSL*, const unsigned char** out, unsigned char* out_length, const unsigned char* offered,
                    unsigned int offered_length, void*) {
  unsigned char* chosen = nullptr;
  const int found =
      SSL_select_next_proto(&chosen, out_length, our_protocols, our_protocols_length, offered, offered_length);
  if (found != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_ALERT_FATAL;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

/// Sessions are resumed by tickets alone: a cache would be state shared by all cores.
void apply_sessions(SSL_CTX* context) {
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_session_id_context(context, session_id_context, sizeof session_id_context - 1);
}

void warn_of_permissions(const std::string& key_file, std::vector<std::string>& warnings) {
  struct stat status {};
  if (::stat(key_file.c_str(), &status) == 0 && (status.st_mode & S_IROTH) != 0) {
    warnings.push_back(fmt::format("the key {} can be read by everyone on this machine; run: chmod 600 {}", key_file,
                                   shell_word(key_file)));
  }
}

void warn_of_certificate(X509* certificate, const std::string& file, std::vector<std::string>& warnings) {
  const std::string subject = subject_name(certificate);
  if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0) {
    warnings.push_back(
        fmt::format("{}: the certificate \"{}\" has expired; clients will refuse it, renew it", file, subject));
  }
  if (X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0) {
    warnings.push_back(
        fmt::format("{}: the certificate \"{}\" is not valid yet; check this machine's clock", file, subject));
  }
}

void warn_of_missing_names(X509* leaf, const std::string& file, std::vector<std::string>& warnings) {
  if (X509_get_ext_by_NID(leaf, NID_subject_alt_name, -1) >= 0) return;
  warnings.push_back(fmt::format(
      "{}: the certificate has no subject alternative name; browsers ignore the common name and will refuse it (make "
      "one with: openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=HOST -addext "
      "subjectAltName=DNS:HOST -keyout key.pem -out certificate.pem)",
      file));
}

/// Why OpenSSL refuses a certificate, in words that say what to do.
std::string refusal(X509* certificate) {
  const int reason = ERR_GET_REASON(ERR_peek_error());
  if (reason == SSL_R_EE_KEY_TOO_SMALL || reason == SSL_R_CA_KEY_TOO_SMALL) {
    return fmt::format(
        "its key of {} bits is too short to be safe (RSA needs 2048 bits); make a new one with: openssl req -new "
        "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=HOST -addext subjectAltName=DNS:HOST -keyout "
        "key.pem -out request.pem",
        EVP_PKEY_get_bits(X509_get0_pubkey(certificate)));
  }
  if (reason == SSL_R_CA_MD_TOO_WEAK) {
    return "it is signed with a broken hash (MD5 or SHA-1); have it issued again with SHA-256";
  }
  return openssl_reason();
}

Result<std::vector<LoadedCertificate>> load_pool(const CertificateConfig& config) {
  std::vector<LoadedCertificate> pool;
  std::vector<std::string> files = {config.certificate_file};
  files.insert(files.end(), config.chain_files.begin(), config.chain_files.end());
  for (const std::string& file : files) {
    const auto pem = read_pem_file(file, "certificate");
    if (!pem) return tl::make_unexpected(pem.error());
    auto certificates = parse_certificates(*pem, file);
    if (!certificates) return tl::make_unexpected(certificates.error());
    for (LoadedCertificate& one : *certificates) pool.push_back(std::move(one));
  }
  return pool;
}

Result<KeyHandle> load_key(const std::string& file, std::vector<std::string>& warnings) {
  auto pem = read_pem_file(file, "key");
  if (!pem) return tl::make_unexpected(pem.error());
  auto key = parse_private_key(*pem, file);
  OPENSSL_cleanse(pem->data(), pem->size());
  if (key) warn_of_permissions(file, warnings);
  return key;
}

/// OpenSSL adds them to the certificate that was set last.
Status use_chain(SSL_CTX* context, const Chain& chain) {
  SSL_CTX_clear_chain_certs(context);
  for (const LoadedCertificate& one : chain.above) {
    if (SSL_CTX_add1_chain_cert(context, one.certificate.get()) == 1) continue;
    return fail("{}: the certificate \"{}\" cannot be used: {}", one.file, subject_name(one.certificate.get()),
                refusal(one.certificate.get()));
  }
  return {};
}

Status use_certificate(SSL_CTX* context, const CertificateConfig& config, std::vector<std::string>& warnings) {
  const auto key = load_key(config.key_file, warnings);
  if (!key) return tl::make_unexpected(key.error());
  auto pool = load_pool(config);
  if (!pool) return tl::make_unexpected(pool.error());
  const ErrorScope errors;
  const Chain chain = build_chain(std::move(*pool), key->get(), warnings);
  if (!chain.leaf) {
    return fail(
        "the key {} does not belong to the certificate {}; these two must print the same: openssl pkey -in {} -pubout "
        "and openssl x509 -in {} -noout -pubkey",
        config.key_file, config.certificate_file, shell_word(config.key_file), shell_word(config.certificate_file));
  }
  if (SSL_CTX_use_certificate(context, chain.leaf.get()) != 1 || SSL_CTX_use_PrivateKey(context, key->get()) != 1) {
    return fail("the certificate {} cannot be used: {}", config.certificate_file, refusal(chain.leaf.get()));
  }
  warn_of_certificate(chain.leaf.get(), config.certificate_file, warnings);
  warn_of_missing_names(chain.leaf.get(), config.certificate_file, warnings);
  for (const LoadedCertificate& one : chain.above) warn_of_certificate(one.certificate.get(), one.file, warnings);
  return use_chain(context, chain);
}

/// True if the parameters are in use; false, with a warning, if they are too weak to be.
Result<bool> use_dh_parameters(SSL_CTX* context, const std::string& file, std::vector<std::string>& warnings) {
  if (file.empty()) return false;
  const auto pem = read_pem_file(file, "dhparam");
  if (!pem) return tl::make_unexpected(pem.error());
  auto parameters = parse_dh_parameters(*pem, file);
  if (!parameters) return tl::make_unexpected(parameters.error());
  const int bits = EVP_PKEY_get_bits(parameters->get());
  if (bits < min_dh_bits || bits > max_dh_bits) {
    warnings.push_back(fmt::format(
        "dhparam {}: {} bits are {}; the file is ignored and no DHE suite is offered (write better ones with: openssl "
        "genpkey -genparam -algorithm DH -pkeyopt group:ffdhe2048 -out {})",
        file, bits, bits < min_dh_bits ? "too few to be safe" : "more than any client accepts", shell_word(file)));
    return false;
  }
  const ErrorScope errors;
  if (SSL_CTX_set0_tmp_dh_pkey(context, parameters->get()) != 1) {
    return fail("dhparam {} cannot be used: {}", file, openssl_reason());
  }
  parameters->release();
  return true;
}

bool suite_fits(const SSL_CIPHER* suite, EVP_PKEY* key) {
  const int auth = SSL_CIPHER_get_auth_nid(suite);
  return auth == NID_auth_any || auth == (EVP_PKEY_is_a(key, "RSA") ? NID_auth_rsa : NID_auth_ecdsa);
}

/// The lists of 2014 know only RSA; with the EC certificates of today they shut out every TLS 1.2 client.
void warn_of_unusable_suites(SSL_CTX* context, const ServerConfig& config, std::vector<std::string>& warnings) {
  EVP_PKEY* key = SSL_CTX_get0_privatekey(context);
  const STACK_OF(SSL_CIPHER)* suites = SSL_CTX_get_ciphers(context);
  for (int i = 0; i < sk_SSL_CIPHER_num(suites); ++i) {
    const SSL_CIPHER* suite = sk_SSL_CIPHER_value(suites, i);
    if (SSL_CIPHER_get_auth_nid(suite) != NID_auth_any && suite_fits(suite, key)) return;
  }
  if (config.certificates.size() > 1) return;
  warnings.push_back(
      fmt::format("`ciphers` names no TLS 1.2 suite for the {} key {}: TLS 1.2 clients cannot connect, only TLS 1.3 "
                  "ones; add {} or "
                  "leave `ciphers` out",
                  EVP_PKEY_get0_type_name(key), config.certificates.front().key_file,
                  EVP_PKEY_is_a(key, "RSA") ? "ECDHE-RSA-AES128-GCM-SHA256" : "ECDHE-ECDSA-AES128-GCM-SHA256"));
}

Status fill(SSL_CTX* context, const ServerConfig& config, const ServerResources& resources,
            std::vector<std::string>& warnings) {
  if (auto status = apply_policy(context); !status) return status;
  apply_sessions(context);
  if (auto status = apply_tickets(context, config.tickets, config.key_permissions, resources.ticket_keys, warnings);
      !status) {
    return status;
  }
  if (auto status = apply_client_auth(context, config.client_auth, warnings); !status) return status;
  guard_against_floods(context);
  SSL_CTX_set_alpn_select_cb(context, select_protocol, nullptr);
  if (config.certificates.empty()) return fail("`tls` names no certificate: it needs `key` and `certificate`");
  for (const CertificateConfig& certificate : config.certificates) {
    if (auto status = use_certificate(context, certificate, warnings); !status) return status;
  }
  const auto has_dh_parameters = use_dh_parameters(context, config.dhparam_file, warnings);
  if (!has_dh_parameters) return tl::make_unexpected(has_dh_parameters.error());
  if (auto status = apply_ciphers(context, config.ciphers, *has_dh_parameters, warnings); !status) return status;
  warn_of_unusable_suites(context, config, warnings);
  return {};
}

CertificateHandle another_reference(X509* certificate) {
  if (certificate != nullptr) X509_up_ref(certificate);
  return CertificateHandle(certificate);
}

/// What `context` serves as its current certificate.
Result<ServedCertificate> current_certificate(SSL_CTX* context, const CertificateConfig& config, bool stapling,
                                              const ServerResources& resources) {
  ServedCertificate served;
  served.config = config;
  served.leaf = another_reference(SSL_CTX_get0_certificate(context));
  STACK_OF(X509)* above = nullptr;
  SSL_CTX_get0_chain_certs(context, &above);
  if (sk_X509_num(above) > 0) served.issuer = another_reference(sk_X509_value(above, 0));
  auto info = certificate_info(served.leaf.get());
  if (!info) return tl::make_unexpected(info.error());
  served.info = std::move(*info);
  served.ocsp_url = ocsp_responder(served.leaf.get());
  served.must_staple = must_staple(served.leaf.get());
  if (resources.staples && (stapling || !config.staple_file.empty()))
    served.staple = resources.staples->slot(served.info.sha256_fingerprint);
  attach_staple(served.leaf.get(), served.staple);
  return served;
}

}  // namespace

Result<std::shared_ptr<const ServerContext>> ServerContext::create(const ServerConfig& config,
                                                                   const ServerResources& resources,
                                                                   std::vector<std::string>& warnings) {
  const ErrorScope errors;
  ContextHandle context(SSL_CTX_new(TLS_server_method()));
  if (!context) return fail("cannot set up TLS: {}", openssl_reason());
  if (auto status = fill(context.get(), config, resources, warnings); !status)
    return tl::make_unexpected(status.error());
  use_staples(context.get());
  auto served = current_certificate(context.get(), config.certificates.back(), config.stapling, resources);
  if (!served) return tl::make_unexpected(served.error());
  std::shared_ptr<ServerContext> made(new ServerContext(context.release()));
  made->certificates_.push_back(std::move(*served));
  return made;
}

ServerContext::~ServerContext() { SSL_CTX_free(context_); }

std::string library_version() { return OpenSSL_version(OPENSSL_VERSION); }

}  // namespace transom::tls
