#include "cli/trust/certificate.h"

#include <openssl/pem.h>

#include <algorithm>
#include <bit>
#include <cctype>
#include <filesystem>
#include <numeric>
#include <optional>

#include "pki/authority_constraints.h"
#include "tls/certificate_builder.h"
#include "tls/certificate_info.h"
#include "tls/openssl_error.h"
#include "tls/pem_file.h"

namespace transom::cli {
namespace {

constexpr int kLeastSecurityBits = 112;  // RSA 2048, P-256: less is refused by browsers
constexpr std::size_t kMostCertificates = 10'000;
constexpr std::size_t kLongestName = 64;

std::string printable(const std::string& text) {
  std::string kept;
  for (const char c : text) kept += c >= ' ' && c < 0x7f ? c : '?';
  return kept;
}

/// Some readers take blocks that others pass over ("TRUSTED CERTIFICATE"), so what looks like one authority to us would
/// be two to them. Nothing: there is one certificate and no more.
std::optional<std::string> surplus_block(const std::string& pem) {
  constexpr std::string_view kBegin = "-----BEGIN ";
  bool seen = false;
  for (std::size_t at = pem.find(kBegin); at != std::string::npos; at = pem.find(kBegin, at)) {
    at += kBegin.size();
    const std::string label = pem.substr(at, std::min(pem.find("-----", at) - at, kLongestName));
    if (seen || label != "CERTIFICATE") return label;
    seen = true;
  }
  return std::nullopt;
}

Result<tls::CertificateHandle> read_one(const std::string& file) {
  const auto pem = tls::read_pem_file(file, "certificate authority", tls::max_pem_octets, FileKinds::any);
  if (!pem) return tl::make_unexpected(pem.error());
  if (pem->find("PRIVATE KEY-----") != std::string::npos) {
    return fail(
        "{}: there is a private key in this file, and stores are readable by all; name the file that has the "
        "certificate alone",
        file);
  }
  auto certificates = tls::parse_certificates(*pem, file);
  if (!certificates) return tl::make_unexpected(certificates.error());
  if (certificates->size() != 1) {
    return fail("{}: there are {} certificates in this file; name one that has the root certificate alone", file,
                certificates->size());
  }
  if (const auto label = surplus_block(*pem)) {
    return fail("{}: besides the root certificate there is a block \"{}\" in this file; name one without it", file,
                printable(*label));
  }
  return std::move(certificates->front().certificate);
}

/// The common name, else the whole subject. NSS takes what stands before a colon for the name of a token.
std::string printable_name(X509* certificate) {
  const X509_NAME* subject = X509_get_subject_name(certificate);
  char common[256] = "";
  const int length = X509_NAME_get_text_by_NID(subject, NID_commonName, common, sizeof common);
  const std::string whole = length > 0 ? common : tls::subject_name(certificate);
  std::string name = printable(whole.substr(0, kLongestName));
  std::replace(name.begin(), name.end(), ':', '-');
  return name.empty() ? "certificate authority" : name;
}

bool has_type(const STACK_OF(GENERAL_SUBTREE) * subtrees, int type) {
  for (int i = 0; i < sk_GENERAL_SUBTREE_num(subtrees); ++i) {
    if (sk_GENERAL_SUBTREE_value(subtrees, i)->base->type == type) return true;
  }
  return false;
}

/// An empty name, or a network of which no bit counts.
bool is_everything(const GENERAL_NAME* name) {
  if (name->type == GEN_DNS) return ASN1_STRING_length(name->d.dNSName) == 0;
  const auto* octets = ASN1_STRING_get0_data(name->d.iPAddress);
  const int length = ASN1_STRING_length(name->d.iPAddress);
  return std::all_of(octets + length / 2, octets + length, [](unsigned char octet) { return octet == 0; });
}

/// So much that a limit is none: all names, or networks of which a few make all addresses.
bool is_nearly_everything(const GENERAL_NAME* name) {
  constexpr int kFewBits = 8;
  const ASN1_STRING* value = name->type == GEN_DNS ? name->d.dNSName : name->d.iPAddress;
  const auto* octets = ASN1_STRING_get0_data(value);
  const int length = ASN1_STRING_length(value);
  if (name->type == GEN_DNS) return std::all_of(octets, octets + length, [](unsigned char c) { return c == '.'; });
  const auto add = [](int bits, unsigned char octet) { return bits + std::popcount(octet); };
  return std::accumulate(octets + length / 2, octets + length, 0, add) < kFewBits;
}

bool has_everything(const STACK_OF(GENERAL_SUBTREE) * subtrees, int type) {
  for (int i = 0; i < sk_GENERAL_SUBTREE_num(subtrees); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_SUBTREE_value(subtrees, i)->base;
    if (name->type == type && is_nearly_everything(name)) return true;
  }
  return false;
}

/// IPv4 and IPv6 are excluded one by one.
bool excludes_all(const STACK_OF(GENERAL_SUBTREE) * subtrees, int type) {
  int count = 0;
  for (int i = 0; i < sk_GENERAL_SUBTREE_num(subtrees); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_SUBTREE_value(subtrees, i)->base;
    if (name->type == type && is_everything(name)) ++count;
  }
  return count >= (type == GEN_IPADD ? 2 : 1);
}

/// A type of name of which the permitted ones mention nothing, or everything, is not constrained at all, unless all of
/// it is excluded. For addresses everything of one family is too much already.
bool is_open(X509* certificate, int type) {
  const std::unique_ptr<NAME_CONSTRAINTS, tls::FreeWith<NAME_CONSTRAINTS_free>> constraints(
      static_cast<NAME_CONSTRAINTS*>(X509_get_ext_d2i(certificate, NID_name_constraints, nullptr, nullptr)));
  if (!constraints) return true;
  const bool limited =
      has_type(constraints->permittedSubtrees, type) && !has_everything(constraints->permittedSubtrees, type);
  return !limited && !excludes_all(constraints->excludedSubtrees, type);
}

void add_scope(X509* certificate, TrustCertificate& to) {
  const bool any_name = is_open(certificate, GEN_DNS);
  const bool any_address = is_open(certificate, GEN_IPADD);
  to.any_host = any_name || any_address;
  to.vouches_for = any_name ? "any host name" : "";
  if (any_address) to.vouches_for += to.vouches_for.empty() ? "any IP address" : ", any IP address";
  const std::string permitted = printable(pki::describe_constraints(certificate));
  if (!permitted.empty()) to.vouches_for += (to.vouches_for.empty() ? "" : ", ") + permitted;
}

std::string short_fingerprint(const std::string& fingerprint, bool lower) {
  std::string text;
  for (const char c : fingerprint.substr(0, 23)) {
    if (c != ':') text += lower && c >= 'A' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return text;
}

Status check_dates(X509* certificate, const std::string& file, std::int64_t now) {
  if (tls::seconds_of(X509_get0_notAfter(certificate)) < now) {
    return fail("{}: this authority has expired; have a new one made and trust that", file);
  }
  if (tls::seconds_of(X509_get0_notBefore(certificate)) > now) {
    return fail("{}: this authority is not valid yet; check this machine's clock", file);
  }
  return {};
}

Status check_root(X509* certificate, const std::string& file) {
  if (X509_check_ca(certificate) != 1) {
    return fail(
        "{}: this is no certificate of an authority (its basicConstraints or keyUsage do not allow it to issue "
        "any); trust the root that stands behind it",
        file);
  }
  if (X509_self_signed(certificate, 0) != 1) {
    return fail("{}: this is an intermediate, issued by \"{}\"; trust that root instead, servers send the intermediate",
                file, tls::name_text(X509_get_issuer_name(certificate)));
  }
  if (X509_self_signed(certificate, 1) != 1)
    return fail("{}: its signature is wrong; the file is damaged or forged", file);
  return {};
}

}  // namespace

std::string TrustCertificate::nickname() const { return name + nickname_end(); }

std::string TrustCertificate::nickname_end() const {
  return fmt::format(" (SHA-256 {})", short_fingerprint(sha256, false));
}

std::string TrustCertificate::file_name() const {
  return fmt::format("transom-{}.crt", short_fingerprint(sha256, true));
}

Result<TrustCertificate> read_trust_certificate(const std::string& file) {
  const tls::ErrorScope errors;
  auto certificate = read_one(file);
  if (!certificate) return tl::make_unexpected(certificate.error());
  TrustCertificate read;
  std::error_code error;
  read.file = std::filesystem::absolute(file, error).lexically_normal().string();
  read.name = printable_name(certificate->get());
  read.sha256 = tls::fingerprint(certificate->get(), EVP_sha256());
  read.sha1 = tls::fingerprint(certificate->get(), EVP_sha1());
  auto pem = tls::certificate_pem(certificate->get());
  if (!pem) return tl::make_unexpected(pem.error());
  read.pem = std::move(*pem);
  add_scope(certificate->get(), read);
  read.certificate = std::move(*certificate);
  return read;
}

Result<TrustCertificate> authority_of(const std::string& fingerprint) {
  TrustCertificate known;
  std::size_t digits = 0;
  for (const char c : fingerprint) {
    if (c == ':' || c == ' ') continue;
    if (std::isxdigit(static_cast<unsigned char>(c)) == 0) break;
    if (digits > 0 && digits % 2 == 0) known.sha256 += ':';
    known.sha256 += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    ++digits;
  }
  if (digits != 64 || known.sha256.size() != 95) {
    return fail("\"{}\" is no SHA-256 fingerprint; it has 64 hexadecimal digits, with or without colons", fingerprint);
  }
  return known;
}

Status check_trustworthy(const TrustCertificate& ca, std::int64_t now) {
  const tls::ErrorScope errors;
  X509* certificate = ca.certificate.get();
  if (auto dates = check_dates(certificate, ca.file, now); !dates) return dates;
  if (auto root = check_root(certificate, ca.file); !root) return root;
  EVP_PKEY* key = X509_get0_pubkey(certificate);
  if (key == nullptr || EVP_PKEY_get_security_bits(key) < kLeastSecurityBits) {
    return fail(
        "{}: its key ({}) is too weak: clients refuse it, and others may forge what it signs; make an authority "
        "with P-256, P-384 or RSA 2048 at least",
        ca.file, tls::describe_key(key));
  }
  return {};
}

std::vector<std::string> fingerprints_in(const std::string& pem) {
  const tls::ErrorScope errors;
  const tls::BioHandle in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  std::vector<std::string> found;
  while (in && found.size() < kMostCertificates) {
    const tls::CertificateHandle certificate(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
    if (!certificate) break;
    found.push_back(tls::fingerprint(certificate.get(), EVP_sha256()));
  }
  return found;
}

}  // namespace transom::cli
