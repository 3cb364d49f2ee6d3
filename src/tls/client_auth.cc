#include "tls/client_auth.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <memory>

#include "tls/certificate_info.h"
#include "tls/crl_coverage.h"
#include "tls/crl_file.h"
#include "tls/openssl_error.h"
#include "tls/pem_file.h"

namespace transom::tls {
namespace {

using StoreHandle = std::unique_ptr<X509_STORE, FreeWith<X509_STORE_free>>;

/// What the CertificateRequest may carry; its field counts 16 bits. Beyond it no name is sent, which means: any.
constexpr std::size_t max_names_octets = 32 * 1024;
constexpr std::size_t max_subject_octets = 100;
constexpr std::size_t digest_octets = 32;

// ---- Who is trusted ------------------------------------------------------------------------------------------------

Result<std::vector<LoadedCertificate>> load_authorities(const std::vector<std::string>& files) {
  std::vector<LoadedCertificate> all;
  for (const std::string& file : files) {
    const auto pem = read_pem_file(file, "CA certificate");
    if (!pem) return tl::make_unexpected(pem.error());
    auto certificates = parse_certificates(*pem, file);
    if (!certificates) return tl::make_unexpected(certificates.error());
    for (LoadedCertificate& one : *certificates) all.push_back(std::move(one));
  }
  if (all.empty()) return fail("client certificates are asked for, but `ca_certificates` names nobody who signs them");
  return all;
}

Result<std::vector<LoadedCrl>> load_all_crls(const std::vector<std::string>& files) {
  std::vector<LoadedCrl> all;
  for (const std::string& file : files) {
    auto crls = load_crls(file);
    if (!crls) return tl::make_unexpected(crls.error());
    for (LoadedCrl& one : *crls) all.push_back(std::move(one));
  }
  return all;
}

bool lists(const LoadedCrl& crl, X509* certificate) {
  X509_REVOKED* entry = nullptr;
  return X509_NAME_cmp(X509_CRL_get_issuer(crl.crl.get()), X509_get_issuer_name(certificate)) == 0 &&
         X509_CRL_get0_by_cert(crl.crl.get(), &entry, certificate) == 1;
}

/// An authority that stands in the CA files is where a chain ends, so nobody else would ask the CRLs about it.
bool is_revoked(const LoadedCertificate& authority, const std::vector<LoadedCrl>& crls) {
  return std::any_of(crls.begin(), crls.end(),
                     [&authority](const LoadedCrl& crl) { return lists(crl, authority.certificate.get()); });
}

void warn_of_authority(const LoadedCertificate& authority, std::vector<std::string>& warnings) {
  if (X509_cmp_current_time(X509_get0_notAfter(authority.certificate.get())) >= 0) return;
  warnings.push_back(fmt::format("{}: the CA certificate \"{}\" has expired: what it signed is refused", authority.file,
                                 subject_name(authority.certificate.get())));
}

/// Trusts all but those that were revoked.
Status add_authorities(X509_STORE* store, std::vector<LoadedCertificate>& authorities,
                       const std::vector<LoadedCrl>& crls, std::vector<std::string>& warnings) {
  std::vector<LoadedCertificate> trusted;
  for (LoadedCertificate& authority : authorities) {
    X509* certificate = authority.certificate.get();
    if (is_revoked(authority, crls)) {
      warnings.push_back(fmt::format("{}: the CA certificate \"{}\" is revoked and not trusted", authority.file,
                                     subject_name(certificate)));
      continue;
    }
    warn_of_authority(authority, warnings);
    if (X509_STORE_add_cert(store, certificate) != 1) return fail("{}: {}", authority.file, openssl_reason());
    trusted.push_back(std::move(authority));
  }
  authorities = std::move(trusted);
  if (authorities.empty()) return fail("every certificate in `ca_certificates` is revoked");
  return {};
}

void warn_of_crl(const LoadedCrl& crl, std::vector<std::string>& warnings) {
  const ASN1_TIME* next = X509_CRL_get0_nextUpdate(crl.crl.get());
  if (next != nullptr && X509_cmp_current_time(next) < 0) {
    warnings.push_back(fmt::format(
        "{}: the revocation list of \"{}\" is outdated, a newer one was due; who was revoked since is still let in: "
        "fetch it and reload",
        crl.file, crl.issuer()));
  }
  if (X509_cmp_current_time(X509_CRL_get0_lastUpdate(crl.crl.get())) > 0) {
    warnings.push_back(fmt::format("{}: the revocation list of \"{}\" is from the future; check this machine's clock",
                                   crl.file, crl.issuer()));
  }
}

Status add_crls(X509_STORE* store, const std::vector<LoadedCrl>& crls, std::vector<std::string>& warnings) {
  for (const LoadedCrl& crl : crls) {
    warn_of_crl(crl, warnings);
    if (X509_STORE_add_crl(store, crl.crl.get()) != 1) return fail("{}: {}", crl.file, openssl_reason());
  }
  return {};
}

// ---- Judging one client --------------------------------------------------------------------------------------------

void release_text(void*, void* text, CRYPTO_EX_DATA*, int, long, void*) { delete static_cast<std::string*>(text); }

/// The place of a refusal's words in a connection's extra data.
int refusal_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, release_text);
  return index;
}

std::string short_subject(X509* certificate) {
  std::string subject = certificate == nullptr ? "?" : subject_name(certificate);
  if (subject.size() > max_subject_octets) subject.resize(max_subject_octets);
  return subject;
}

std::string describe_error(X509_STORE_CTX* verification, int error) {
  X509* at_fault = X509_STORE_CTX_get_current_cert(verification);
  std::string reason = X509_verify_cert_error_string(error);
  if (error == X509_V_ERR_UNABLE_TO_GET_CRL && at_fault != nullptr) {
    reason =
        fmt::format("`crl` has no revocation list of its issuer \"{}\"", name_text(X509_get_issuer_name(at_fault)));
  } else if (error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
             error == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE) {
    reason =
        "unknown CA: its issuer is not among `ca_certificates`, and the client sent no certificate that leads there";
  }
  if (X509_STORE_CTX_get_error_depth(verification) > 0) {
    reason += fmt::format(" (this is about \"{}\" in its chain)", short_subject(at_fault));
  }
  return fmt::format("the client's certificate \"{}\" is not accepted: {}",
                     short_subject(X509_STORE_CTX_get0_cert(verification)), reason);
}

void remember_refusal(X509_STORE_CTX* verification, int error) {
  auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(verification, SSL_get_ex_data_X509_STORE_CTX_idx()));
  if (ssl == nullptr || SSL_get_ex_data(ssl, refusal_index()) != nullptr) return;
  SSL_set_ex_data(ssl, refusal_index(), new std::string(describe_error(verification, error)));
}

/// An old CRL is better than none, and not every CA above the client's own publishes one.
bool is_tolerable(int error, int depth) {
  return error == X509_V_ERR_CRL_HAS_EXPIRED || error == X509_V_ERR_CRL_NOT_YET_VALID ||
         (error == X509_V_ERR_UNABLE_TO_GET_CRL && depth > 0);
}

int on_verify(int good, X509_STORE_CTX* verification) {
  if (good == 1) return 1;
  const int error = X509_STORE_CTX_get_error(verification);
  if (!is_tolerable(error, X509_STORE_CTX_get_error_depth(verification))) {
    remember_refusal(verification, error);
    return 0;
  }
  X509_STORE_CTX_set_error(verification, X509_V_OK);
  return 1;
}

// ---- Tickets -------------------------------------------------------------------------------------------------------

/// A resumption does not verify again, so a ticket must not outlive any certificate of the chain that was verified: the
/// earliest end goes along in it. A resumed session keeps the one it came with.
int on_new_ticket(SSL* ssl, void*) {
  const STACK_OF(X509)* chain = SSL_session_reused(ssl) == 1 ? nullptr : SSL_get0_verified_chain(ssl);
  std::int64_t end = std::numeric_limits<std::int64_t>::max();
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    end = std::min(end, seconds_of(X509_get0_notAfter(sk_X509_value(chain, i))));
  }
  const bool known = sk_X509_num(chain) > 0;
  return !known || SSL_SESSION_set1_ticket_appdata(SSL_get_session(ssl), &end, sizeof end) == 1 ? 1 : 0;
}

bool holds_expired_certificate(SSL_SESSION* session) {
  if (session == nullptr || SSL_SESSION_get0_peer(session) == nullptr) return false;
  void* data = nullptr;
  std::size_t size = 0;
  std::int64_t end = 0;
  if (SSL_SESSION_get0_ticket_appdata(session, &data, &size) != 1 || size != sizeof end) return true;
  std::memcpy(&end, data, sizeof end);
  const std::unique_ptr<ASN1_TIME, FreeWith<ASN1_TIME_free>> time(ASN1_TIME_set(nullptr, end));
  return !time || X509_cmp_current_time(time.get()) < 0;
}

SSL_TICKET_RETURN on_session_ticket(SSL*, SSL_SESSION* session, const unsigned char*, std::size_t,
                                    SSL_TICKET_STATUS status, void*) {
  const bool usable = status == SSL_TICKET_SUCCESS || status == SSL_TICKET_SUCCESS_RENEW;
  if (!usable || holds_expired_certificate(session)) return SSL_TICKET_RETURN_IGNORE_RENEW;
  return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW;
}

class Digest {
 public:
  Digest() : state_(EVP_MD_CTX_new()) { EVP_DigestInit_ex(state_.get(), EVP_sha256(), nullptr); }
  void add(const void* octets, std::size_t count) { EVP_DigestUpdate(state_.get(), octets, count); }
  template <typename Object>
  void add_object(const Object* object, int (*encode)(const Object*, unsigned char**)) {
    unsigned char* octets = nullptr;
    const int count = encode(object, &octets);
    if (count > 0) add(octets, static_cast<std::size_t>(count));
    OPENSSL_free(octets);
  }
  /// False when OpenSSL could not do it.
  bool finish(std::array<unsigned char, digest_octets>& out) {
    return EVP_DigestFinal_ex(state_.get(), out.data(), nullptr) == 1;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, FreeWith<EVP_MD_CTX_free>> state_;
};

/// Tickets are bound to the trust that they were given out under.
Status bind_sessions(SSL_CTX* context, const ClientAuthConfig& config,
                     const std::vector<LoadedCertificate>& authorities, const std::vector<LoadedCrl>& crls) {
  Digest digest;
  const int rules[] = {static_cast<int>(config.mode), config.depth, static_cast<int>(authorities.size())};
  digest.add(rules, sizeof rules);
  for (const LoadedCertificate& one : authorities) digest.add_object(one.certificate.get(), i2d_X509);
  for (const LoadedCrl& one : crls) digest.add_object(one.crl.get(), i2d_X509_CRL);
  std::array<unsigned char, digest_octets> id{};
  static_assert(id.size() <= SSL_MAX_SID_CTX_LENGTH);
  if (!digest.finish(id) || SSL_CTX_set_session_id_context(context, id.data(), id.size()) != 1) {
    return fail("cannot set up client certificates: {}", openssl_reason());
  }
  return {};
}

// ---- The context ---------------------------------------------------------------------------------------------------

/// Tells clients which of their certificates will do.
Status name_authorities(SSL_CTX* context, const std::vector<LoadedCertificate>& authorities) {
  std::size_t octets = 0;
  for (const LoadedCertificate& one : authorities) {
    octets += static_cast<std::size_t>(i2d_X509_NAME(X509_get_subject_name(one.certificate.get()), nullptr)) + 2;
  }
  if (octets > max_names_octets) return {};
  for (const LoadedCertificate& one : authorities) {
    if (SSL_CTX_add_client_CA(context, one.certificate.get()) != 1) return fail("out of memory");
  }
  return {};
}

void set_rules(X509_STORE* store, bool has_crls) {
  unsigned long flags = X509_V_FLAG_PARTIAL_CHAIN;
  if (has_crls) flags |= X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL | X509_V_FLAG_USE_DELTAS;
  X509_STORE_set_flags(store, flags);
}

}  // namespace

Status apply_client_auth(SSL_CTX* context, const ClientAuthConfig& config, std::vector<std::string>& warnings) {
  if (config.mode == ClientAuth::none) return {};
  const ErrorScope errors;
  auto authorities = load_authorities(config.ca_files);
  if (!authorities) return tl::make_unexpected(authorities.error());
  const auto crls = load_all_crls(config.crl_files);
  if (!crls) return tl::make_unexpected(crls.error());
  if (auto checked = check_crl_coverage(*crls, *authorities, warnings); !checked) return checked;
  // A store of its own: the context's other one also completes the chain that the server sends.
  const StoreHandle store(X509_STORE_new());
  if (!store) return fail("out of memory");
  if (auto added = add_authorities(store.get(), *authorities, *crls, warnings); !added) return added;
  if (auto added = add_crls(store.get(), *crls, warnings); !added) return added;
  set_rules(store.get(), !crls->empty());
  if (SSL_CTX_set1_verify_cert_store(context, store.get()) != 1) return fail("out of memory");
  if (auto named = name_authorities(context, *authorities); !named) return named;
  const int required = config.mode == ClientAuth::required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0;
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | required, on_verify);
  SSL_CTX_set_verify_depth(context, config.depth);
  SSL_CTX_set_session_ticket_cb(context, on_new_ticket, on_session_ticket, nullptr);
  return bind_sessions(context, config, *authorities, *crls);
}

Result<std::vector<CrlDate>> crl_dates(const ClientAuthConfig& config) {
  if (config.mode == ClientAuth::none) return std::vector<CrlDate>();
  const auto crls = load_all_crls(config.crl_files);
  if (!crls) return tl::make_unexpected(crls.error());
  std::vector<CrlDate> dates;
  for (const LoadedCrl& crl : *crls) {
    const ASN1_TIME* next = X509_CRL_get0_nextUpdate(crl.crl.get());
    dates.push_back({crl.file, crl.issuer(), seconds_of(X509_CRL_get0_lastUpdate(crl.crl.get())),
                     next == nullptr ? 0 : seconds_of(next)});
  }
  return dates;
}

std::string client_refusal(SSL* ssl) {
  const auto* text = static_cast<const std::string*>(SSL_get_ex_data(ssl, refusal_index()));
  return text == nullptr ? "" : *text;
}

}  // namespace transom::tls
