#include "pki/inspect.h"

#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include <algorithm>

#include "pki/faults.h"
#include "pki/keys.h"
#include "pki/printable.h"
#include "tls/certificate_info.h"
#include "tls/ocsp.h"
#include "tls/openssl_error.h"

namespace transom::pki {
namespace {

constexpr int kShownNames = 100;
constexpr int kShownRevocations = 10;

// ---------------------------------------------------------------- text

std::string text_of(const ASN1_STRING* text) {
  return printable(
      {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)), static_cast<std::size_t>(ASN1_STRING_length(text))},
      true);
}

std::string serial_text(const ASN1_INTEGER* serial) {
  const std::unique_ptr<BIGNUM, tls::FreeWith<BN_free>> number(ASN1_INTEGER_to_BN(serial, nullptr));
  char* digits = number ? BN_bn2hex(number.get()) : nullptr;
  std::string text = digits == nullptr ? "?" : printable(digits);
  OPENSSL_free(digits);
  return text;
}

std::string algorithm_text(int nid) {
  const char* text = OBJ_nid2ln(nid);
  return text == nullptr || nid == NID_undef ? "unknown" : text;
}

void add_word(std::string& list, const std::string& word) { list += (list.empty() ? "" : ", ") + word; }

std::string alternative_name(const GENERAL_NAME* name) {
  switch (name->type) {
    case GEN_DNS:
      return text_of(name->d.dNSName);
    case GEN_EMAIL:
      return text_of(name->d.rfc822Name);
    case GEN_URI:
      return text_of(name->d.uniformResourceIdentifier);
    case GEN_IPADD: {
      const std::string address = tls::address_text(name->d.iPAddress);
      return address.empty() ? "a damaged IP address" : address;
    }
    default:
      return "a name of another kind";
  }
}

std::string alternative_names_text(X509* certificate) {
  const tls::NamesHandle names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  const int count = sk_GENERAL_NAME_num(names.get());
  std::string list;
  for (int i = 0; i < std::min(count, kShownNames); ++i) {
    add_word(list, alternative_name(sk_GENERAL_NAME_value(names.get(), i)));
  }
  if (count > kShownNames) add_word(list, fmt::format("and {} more", count - kShownNames));
  return list;
}

/// In OpenSSL's words, on one line.
std::string extension_text(X509* certificate, int nid) {
  const int place = X509_get_ext_by_NID(certificate, nid, -1);
  const tls::BioHandle out(BIO_new(BIO_s_mem()));
  if (place < 0 || X509V3_EXT_print(out.get(), X509_get_ext(certificate, place), X509V3_EXT_DEFAULT, 0) != 1) return "";
  char* text = nullptr;
  const long length = BIO_get_mem_data(out.get(), &text);
  std::string line;
  for (const char c : std::string_view(text, static_cast<std::size_t>(length))) {
    if (c != '\n' && c != ' ') {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  return printable(line, true);
}

// ---------------------------------------------------------------- keys and requests

Artefact describe(const FoundKey& found) {
  if (!found.key) {
    return {
        "key", "private key under a passphrase", {{"passphrase", "yes, and without it there is no more to see"}}, {}};
  }
  const char* protection = found.encrypted ? "yes" : "none: whoever can read the file has the key";
  return {"key",
          "private key, " + describe_key(found.key.get()),
          {{"passphrase", protection}},
          key_faults(found.key.get())};
}

Artefact describe(const RequestHandle& request) {
  EVP_PKEY* key = X509_REQ_get0_pubkey(request.get());
  const std::string subject = printable(tls::name_text(X509_REQ_get_subject_name(request.get())));
  Artefact found{"request", "request for a certificate", {{"subject", subject}}, key_faults(key)};
  const auto names = requested_names(request.get(), "It");
  if (names) {
    found.facts.emplace_back("names", alternative_names(*names));
  } else {
    found.faults.push_back(printable(names.error().message) + ".");
  }
  if (key != nullptr) found.facts.emplace_back("key", describe_key(key));
  found.facts.emplace_back("signature", algorithm_text(X509_REQ_get_signature_nid(request.get())));
  if (key == nullptr || X509_REQ_verify(request.get(), key) != 1) {
    found.faults.emplace_back(
        "It is not signed by its own key: it was changed on the way, or whoever made it has not got the key.");
  }
  for (std::string& fault : signature_faults(X509_REQ_get_signature_nid(request.get()))) {
    found.faults.push_back(std::move(fault));
  }
  return found;
}

// ---------------------------------------------------------------- certificates

bool is_authority(X509* certificate) { return (X509_get_extension_flags(certificate) & EXFLAG_CA) != 0; }

std::string uses(X509* certificate) {
  const std::uint32_t use = X509_get_extended_key_usage(certificate);
  if (use == UINT32_MAX) return "anything (it does not say)";
  std::string list;
  const std::pair<std::uint32_t, const char*> kinds[] = {
      {XKU_SSL_SERVER, "servers"},   {XKU_SSL_CLIENT, "clients"}, {XKU_SMIME, "mail"},     {XKU_CODE_SIGN, "code"},
      {XKU_TIMESTAMP, "timestamps"}, {XKU_OCSP_SIGN, "OCSP"},     {XKU_ANYEKU, "anything"}};
  for (const auto& [bit, name] : kinds) {
    if ((use & bit) != 0) add_word(list, name);
  }
  return list.empty() ? "something unknown here" : list;
}

const char* rank_of(X509* certificate) {
  const bool own = X509_self_signed(certificate, 0) == 1;
  if (is_authority(certificate)) return own ? "root certificate" : "intermediate certificate";
  return own ? "self-signed certificate" : "certificate";
}

void add_authority_facts(X509* certificate, Artefact& found) {
  const long depth = X509_get_pathlen(certificate);
  found.facts.emplace_back("may issue", depth < 0    ? "certificates and further authorities"
                                        : depth == 0 ? "certificates, but no further authorities"
                                                     : fmt::format("certificates and authorities, {} deep", depth));
  if (const auto limits = extension_text(certificate, NID_name_constraints); !limits.empty()) {
    found.facts.emplace_back("only for", limits);
  }
}

Artefact describe(const tls::CertificateHandle& handle, std::int64_t now) {
  X509* certificate = handle.get();
  const auto info = tls::certificate_info(certificate);
  Artefact found{"certificate", "", {}, certificate_faults(certificate, now)};
  found.title = fmt::format("{} {}", rank_of(certificate), info->subject.empty() ? "" : printable(info->subject));
  auto& facts = found.facts;
  if (X509_self_signed(certificate, 0) != 1) facts.emplace_back("issuer", printable(info->issuer));
  if (const auto names = alternative_names_text(certificate); !names.empty()) facts.emplace_back("names", names);
  facts.emplace_back("valid from", date_text(info->not_before));
  facts.emplace_back("valid to", fmt::format("{} ({})", date_text(info->not_after), distance(info->not_after, now)));
  facts.emplace_back("key", info->key);
  facts.emplace_back("signature", algorithm_text(X509_get_signature_nid(certificate)));
  if (is_authority(certificate)) add_authority_facts(certificate, found);
  facts.emplace_back("for", uses(certificate));
  if (const auto url = tls::ocsp_responder(certificate); !url.empty()) facts.emplace_back("OCSP", printable(url, true));
  facts.emplace_back("serial", serial_text(X509_get0_serialNumber(certificate)));
  facts.emplace_back("SHA-256", info->sha256_fingerprint);
  return found;
}

// ---------------------------------------------------------------- revocation lists and DH parameters

void add_revocations(X509_CRL* list, Artefact& found) {
  STACK_OF(X509_REVOKED)* revoked = X509_CRL_get_REVOKED(list);
  const int count = sk_X509_REVOKED_num(revoked);
  for (int i = 0; i < std::min(count, kShownRevocations); ++i) {
    const X509_REVOKED* entry = sk_X509_REVOKED_value(revoked, i);
    found.facts.emplace_back("revoked",
                             fmt::format("{} on {}", serial_text(X509_REVOKED_get0_serialNumber(entry)),
                                         date_text(tls::seconds_of(X509_REVOKED_get0_revocationDate(entry)))));
  }
  if (count > kShownRevocations) found.facts.emplace_back("", fmt::format("and {} more", count - kShownRevocations));
}

Artefact describe(const tls::CrlHandle& list, std::int64_t now) {
  const int count = std::max(0, sk_X509_REVOKED_num(X509_CRL_get_REVOKED(list.get())));
  Artefact found{"revocation list",
                 fmt::format("revocation list of {} certificate{}", count, count == 1 ? "" : "s"),
                 {},
                 signature_faults(X509_CRL_get_signature_nid(list.get()))};
  found.facts.emplace_back("issuer", printable(tls::name_text(X509_CRL_get_issuer(list.get()))));
  found.facts.emplace_back("made", date_text(tls::seconds_of(X509_CRL_get0_lastUpdate(list.get()))));
  if (const ASN1_TIME* next = X509_CRL_get0_nextUpdate(list.get())) {
    const std::int64_t until = tls::seconds_of(next);
    found.facts.emplace_back("next one due", fmt::format("{} ({})", date_text(until), distance(until, now)));
    if (until < now) found.faults.emplace_back("It is out of date: get a newer one from its issuer.");
  }
  add_revocations(list.get(), found);
  return found;
}

Artefact describe(const FoundParameters& found) {
  EVP_PKEY* parameters = found.parameters.get();
  const int bits = EVP_PKEY_get_bits(parameters);
  char group[64] = "";
  const bool named = EVP_PKEY_get_group_name(parameters, group, sizeof group, nullptr) == 1 && group[0] != '\0';
  Artefact made{"DH parameters",
                fmt::format("Diffie-Hellman parameters of {} bits", bits),
                {{"group", named ? fmt::format("{} of RFC 7919 or 3526", group) : "none of the named ones"}},
                {}};
  if (bits < 2048) {
    made.faults.push_back(fmt::format(
        "{} bits are too few to be safe: write better ones with `transom cert dhparam`, or use none.", bits));
  }
  return made;
}

Artefact describe(const FoundObject& object, std::int64_t now) {
  const tls::ErrorScope errors;
  if (const auto* key = std::get_if<FoundKey>(&object)) return describe(*key);
  if (const auto* request = std::get_if<RequestHandle>(&object)) return describe(*request);
  if (const auto* list = std::get_if<tls::CrlHandle>(&object)) return describe(*list, now);
  if (const auto* parameters = std::get_if<FoundParameters>(&object)) return describe(*parameters);
  return describe(std::get<tls::CertificateHandle>(object), now);
}

// ---------------------------------------------------------------- what belongs together

X509* certificate_in(const FoundObject& object) {
  const auto* certificate = std::get_if<tls::CertificateHandle>(&object);
  return certificate == nullptr ? nullptr : certificate->get();
}

bool issued(X509* issuer, X509* subject) {
  return X509_check_issued(issuer, subject) == X509_V_OK && X509_verify(subject, X509_get0_pubkey(issuer)) == 1;
}

/// A file may also be a collection of roots, or hold a second chain; only what looks like a chain is judged as one.
void judge_order(const std::vector<FoundObject>& objects, std::vector<Artefact>& artefacts) {
  X509* subject = nullptr;
  std::size_t subject_at = 0;
  for (std::size_t i = 0; i < objects.size(); ++i) {
    X509* next = certificate_in(objects[i]);
    if (next == nullptr) continue;
    if (subject != nullptr && X509_self_signed(subject, 0) != 1 && !issued(next, subject)) {
      artefacts[subject_at].faults.emplace_back(
          "The certificate behind it did not issue it: servers send a chain in that order. `transom cert bundle` puts "
          "it right, or says what is missing.");
    }
    subject = next;
    subject_at = i;
  }
}

void judge_keys(const std::vector<FoundObject>& objects, std::vector<Artefact>& artefacts) {
  const bool certificates = std::any_of(objects.begin(), objects.end(),
                                        [](const FoundObject& object) { return certificate_in(object) != nullptr; });
  for (std::size_t i = 0; i < objects.size() && certificates; ++i) {
    const auto* found = std::get_if<FoundKey>(&objects[i]);
    if (found == nullptr || !found->key) continue;
    const bool belongs = std::any_of(objects.begin(), objects.end(), [found](const FoundObject& object) {
      X509* certificate = certificate_in(object);
      return certificate != nullptr && X509_check_private_key(certificate, found->key.get()) == 1;
    });
    if (!belongs) artefacts[i].faults.emplace_back("It belongs to none of the certificates in this file.");
  }
}

}  // namespace

std::string date_text(std::int64_t seconds) {
  const std::time_t time = seconds;
  std::tm parts{};
  gmtime_r(&time, &parts);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02} UTC", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                     parts.tm_hour, parts.tm_min);
}

std::vector<Artefact> inspect(const std::vector<FoundObject>& objects, std::int64_t now) {
  const tls::ErrorScope errors;
  std::vector<Artefact> artefacts;
  for (const FoundObject& object : objects) artefacts.push_back(describe(object, now));
  judge_order(objects, artefacts);
  judge_keys(objects, artefacts);
  return artefacts;
}

}  // namespace transom::pki
