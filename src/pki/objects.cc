#include "pki/objects.h"

#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/pkcs7.h>

#include <algorithm>

#include "pki/keys.h"
#include "pki/pkcs12_cost.h"
#include "pki/printable.h"
#include "tls/openssl_error.h"

namespace transom::pki {
namespace {

using tls::FreeWith;
using Objects = std::vector<FoundObject>;
using Pkcs7Handle = std::unique_ptr<PKCS7, FreeWith<PKCS7_free>>;
using Pkcs12Handle = std::unique_ptr<PKCS12, FreeWith<PKCS12_free>>;

constexpr std::size_t kMaxObjects = 256;
constexpr std::size_t kMaxLabel = 64;
constexpr std::string_view kBegin = "-----BEGIN ";

/// Reads DER of which nothing is left over.
template <typename Handle, auto Decode>
Handle decoded(const std::string& der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const auto* end = at + der.size();
  Handle object(Decode(nullptr, &at, static_cast<long>(der.size())));
  return at == end ? std::move(object) : nullptr;
}

void add_certificate(X509* certificate, Objects& found) {
  if (X509_up_ref(certificate) == 1) found.emplace_back(tls::CertificateHandle(certificate));
}

// ---------------------------------------------------------------- collections

/// What Windows and some authorities hand out as .p7b: a signed message that is only its certificates.
bool add_pkcs7(const std::string& der, Objects& found) {
  const Pkcs7Handle message = decoded<Pkcs7Handle, d2i_PKCS7>(der);
  if (!message || !PKCS7_type_is_signed(message.get()) || message->d.sign == nullptr) return false;
  const STACK_OF(X509)* certificates = message->d.sign->cert;
  for (int i = 0; i < sk_X509_num(certificates); ++i) add_certificate(sk_X509_value(certificates, i), found);
  return sk_X509_num(certificates) > 0;
}

bool is_pkcs12(const PKCS12* store) {
  const ASN1_INTEGER* rounds = nullptr;
  if (PKCS12_mac_present(store) != 1) return false;  // nothing would say whether the passphrase is right
  PKCS12_get0_mac(nullptr, nullptr, nullptr, &rounds, store);
  if (rounds != nullptr && (ASN1_INTEGER_get(rounds) <= 0 || ASN1_INTEGER_get(rounds) > kMaxRounds)) return false;
  return is_affordable(store, nullptr);
}

bool opens(PKCS12* store, const std::string& passphrase) {
  return PKCS12_verify_mac(store, passphrase.c_str(), static_cast<int>(passphrase.size())) == 1 ||
         (passphrase.empty() && PKCS12_verify_mac(store, nullptr, 0) == 1);
}

void add_contents(PKCS12* store, const std::string& passphrase, Objects& found) {
  EVP_PKEY* key = nullptr;
  X509* certificate = nullptr;
  STACK_OF(X509)* others = nullptr;
  if (!is_affordable(store, &passphrase) || PKCS12_parse(store, passphrase.c_str(), &key, &certificate, &others) != 1)
    return;
  if (key != nullptr) found.emplace_back(FoundKey{tls::KeyHandle(key), true});
  if (certificate != nullptr) found.emplace_back(tls::CertificateHandle(certificate));
  for (int i = 0; i < sk_X509_num(others); ++i) add_certificate(sk_X509_value(others, i), found);
  sk_X509_pop_free(others, X509_free);
}

/// A .pfx or .p12: closed, it counts as a closed key.
bool add_pkcs12(const std::string& der, const std::string& passphrase, Objects& found) {
  const Pkcs12Handle store = decoded<Pkcs12Handle, d2i_PKCS12>(der);
  if (!store || !is_pkcs12(store.get())) return false;
  const std::size_t before = found.size();
  if (opens(store.get(), passphrase)) {
    add_contents(store.get(), passphrase, found);
  } else if (passphrase.empty()) {
    found.emplace_back(FoundKey{nullptr, true});
  }
  return found.size() > before;
}

// ---------------------------------------------------------------- single objects

template <typename Handle, auto Decode>
bool add_one(const std::string& der, Objects& found) {
  Handle object = decoded<Handle, Decode>(der);
  if (!object) return false;
  found.emplace_back(std::move(object));
  return true;
}

bool add_key(const std::string& content, const std::string& passphrase, Objects& found) {
  const bool encrypted = is_encrypted_key(content);
  if (encrypted && passphrase.empty()) {
    found.emplace_back(FoundKey{nullptr, true});
    return true;
  }
  auto key = read_key(content, "the key", passphrase);
  if (key) found.emplace_back(FoundKey{std::move(*key), encrypted});
  return key.has_value();
}

bool add_parameters(const std::string& pem, Objects& found) {
  const tls::BioHandle source(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  tls::KeyHandle parameters(PEM_read_bio_Parameters(source.get(), nullptr));
  const bool dh = parameters && (EVP_PKEY_is_a(parameters.get(), "DH") || EVP_PKEY_is_a(parameters.get(), "DHX"));
  if (dh) found.emplace_back(FoundParameters{std::move(parameters)});
  return dh;
}

bool add_der(const std::string& der, const std::string& passphrase, Objects& found) {
  return add_one<tls::CertificateHandle, d2i_X509>(der, found) || add_one<RequestHandle, d2i_X509_REQ>(der, found) ||
         add_one<tls::CrlHandle, d2i_X509_CRL>(der, found) || add_pkcs7(der, found) ||
         add_pkcs12(der, passphrase, found) || add_key(der, passphrase, found);
}

// ---------------------------------------------------------------- PEM

struct Block {
  std::string label;  // "CERTIFICATE"
  std::string text;   // with its BEGIN and END; empty: it has no END
};

/// Text around the blocks is people's own.
std::vector<Block> pem_blocks(const std::string& content) {
  std::vector<Block> blocks;
  for (std::size_t at = content.find(kBegin); at != std::string::npos && blocks.size() <= kMaxObjects;) {
    const std::size_t label_at = at + kBegin.size();
    const std::size_t label_end = content.find("-----", label_at);
    if (label_end == std::string::npos || label_end - label_at > kMaxLabel) {
      at = content.find(kBegin, label_at);
      continue;
    }
    Block block{content.substr(label_at, label_end - label_at), ""};
    const std::string end_line = "-----END " + block.label + "-----";
    const std::size_t end = content.find(end_line, label_end);
    if (end != std::string::npos) block.text = content.substr(at, end + end_line.size() - at) + "\n";
    blocks.push_back(std::move(block));
    at = content.find(kBegin, end == std::string::npos ? label_end : end);
  }
  return blocks;
}

std::string der_of(const Block& block) {
  const tls::BioHandle source(BIO_new_mem_buf(block.text.data(), static_cast<int>(block.text.size())));
  char *label = nullptr, *header = nullptr;
  unsigned char* data = nullptr;
  long length = 0;
  if (PEM_read_bio(source.get(), &label, &header, &data, &length) != 1) return "";
  std::string der(reinterpret_cast<char*>(data), static_cast<std::size_t>(length));
  OPENSSL_free(label);
  OPENSSL_free(header);
  OPENSSL_free(data);
  return der;
}

bool is_key(const Block& block) { return block.label.ends_with("PRIVATE KEY"); }

bool add_block(const Block& block, const std::string& passphrase, Objects& found) {
  const std::string& label = block.label;
  if (label == "EC PARAMETERS") return true;  // stand before keys that old tools wrote; the key says the same
  if (is_key(block)) return add_key(block.text, passphrase, found);
  if (label == "DH PARAMETERS" || label == "X9.42 DH PARAMETERS") return add_parameters(block.text, found);
  const std::string der = der_of(block);
  if (der.empty()) return false;
  if (label == "CERTIFICATE" || label == "X509 CERTIFICATE") {
    return add_one<tls::CertificateHandle, d2i_X509>(der, found);
  }
  if (label == "TRUSTED CERTIFICATE") return add_one<tls::CertificateHandle, d2i_X509_AUX>(der, found);
  if (label.ends_with("CERTIFICATE REQUEST")) return add_one<RequestHandle, d2i_X509_REQ>(der, found);
  if (label == "X509 CRL") return add_one<tls::CrlHandle, d2i_X509_CRL>(der, found);
  return (label == "PKCS7" || label == "PKCS #7 SIGNED DATA" || label == "CMS") && add_pkcs7(der, found);
}

std::string complaint(const Block& block, const std::string& passphrase) {
  if (block.text.empty()) return "has no END line: the file is cut off";
  if (is_key(block) && !passphrase.empty() && is_encrypted_key(block.text)) {
    return "cannot be opened: the passphrase is wrong";
  }
  return "is damaged, or of a kind that is not known here";
}

}  // namespace

Result<std::vector<FoundObject>> read_objects(const std::string& content, const std::string& file,
                                              const std::string& passphrase) {
  const tls::ErrorScope errors;
  Objects found;
  const std::vector<Block> blocks = pem_blocks(content);
  if (blocks.size() > kMaxObjects) return fail("{} holds more than {} objects", file, kMaxObjects);
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    if (add_block(blocks[i], passphrase, found)) continue;
    return fail("{}: block {} (\"{}\") {}", file, i + 1, printable(blocks[i].label, true),
                complaint(blocks[i], passphrase));
  }
  if (found.empty()) add_der(content, passphrase, found);
  if (found.size() > kMaxObjects) return fail("{} holds more than {} objects", file, kMaxObjects);
  if (!found.empty()) return found;
  if (!passphrase.empty() && needs_passphrase(content)) return fail("{}: the passphrase is wrong", file);
  return fail("{} holds no key, request, certificate, revocation list or DH parameters, neither in PEM nor in DER",
              file);
}

bool needs_passphrase(const std::string& content) {
  const auto found = read_objects(content, "", "");
  return found && std::any_of(found->begin(), found->end(), [](const FoundObject& object) {
           const auto* key = std::get_if<FoundKey>(&object);
           return key != nullptr && key->key == nullptr;
         });
}

}  // namespace transom::pki
