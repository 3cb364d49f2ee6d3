// Reads files of certificates, keys and their kin that are made up, or good ones with edits, and tells what they are.
//
// input = mode:1 rest. mode 0: `rest` is the file; mode 1: it is the DER of a PEM block, whose label mode's next octet
// chooses; mode 2 to 7: a good file (chain, request, revocation list, sealed key, PKCS #7, PKCS #12) with edits =
// (place:2 value:1)*.
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/pkcs7.h>

#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "pki/bundle.h"
#include "pki/inspect.h"
#include "pki/keys.h"
#include "tls/pem_file.h"
#include "tls/test_support.h"

namespace {

using namespace transom;
using tls::test::require;

constexpr std::int64_t kNow = 1'800'000'000;
constexpr const char* kLabels[] = {"CERTIFICATE", "TRUSTED CERTIFICATE", "CERTIFICATE REQUEST", "X509 CRL",
                                   "PRIVATE KEY", "EC PRIVATE KEY",      "DH PARAMETERS",       "PKCS7"};

template <typename Encode, typename T>
std::string der_of(Encode encode, T* object) {
  unsigned char* octets = nullptr;
  const int length = encode(object, &octets);
  std::string der(reinterpret_cast<char*>(octets), static_cast<std::size_t>(length));
  OPENSSL_free(octets);
  return der;
}

std::string revocation_list(const tls::test::Identity& ca) {
  const tls::CrlHandle list(X509_CRL_new());
  X509_CRL_set_version(list.get(), X509_CRL_VERSION_2);
  X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(ca.certificate.get()));
  const std::unique_ptr<ASN1_TIME, tls::FreeWith<ASN1_TIME_free>> time(ASN1_TIME_set(nullptr, kNow));
  X509_CRL_set1_lastUpdate(list.get(), time.get());
  X509_CRL_set1_nextUpdate(list.get(), time.get());
  X509_REVOKED* entry = X509_REVOKED_new();
  X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(ca.certificate.get()));
  X509_REVOKED_set_revocationDate(entry, time.get());
  X509_CRL_add0_revoked(list.get(), entry);
  X509_CRL_sign(list.get(), ca.key.get(), EVP_sha256());
  return der_of(i2d_X509_CRL, list.get());
}

std::string collection(const tls::test::Identity& ca) {
  const std::unique_ptr<PKCS7, tls::FreeWith<PKCS7_free>> message(PKCS7_new());
  PKCS7_set_type(message.get(), NID_pkcs7_signed);
  PKCS7_content_new(message.get(), NID_pkcs7_data);
  PKCS7_add_certificate(message.get(), ca.certificate.get());
  return der_of(i2d_PKCS7, message.get());
}

std::string store(const tls::test::Identity& ca) {
  const std::unique_ptr<PKCS12, tls::FreeWith<PKCS12_free>> made(
      PKCS12_create("", "name", ca.key.get(), ca.certificate.get(), nullptr, NID_undef, NID_undef, 1, 1, 0));
  return der_of(i2d_PKCS12, made.get());
}

std::vector<std::string> good_files() {
  const auto ca = tls::test::issue("ca", tls::test::ec_key(), tls::test::authority_extensions(), nullptr);
  const auto leaf = tls::test::issue("leaf", tls::test::ec_key(), tls::test::server_extensions("DNS:a.example"), &ca);
  const std::vector<std::string> names = {"a.example", "192.0.2.7"};
  const std::string request = require(pki::make_request(require(pki::parse_names(names)), leaf.key.get()));
  return {leaf.certificate_text + ca.certificate_text + leaf.key_text,
          request,
          revocation_list(ca),
          require(pki::key_pem(leaf.key.get(), "secret")),
          collection(ca),
          store(ca)};
}

std::string edited(std::string file, std::string_view edits) {
  for (; edits.size() >= 3; edits.remove_prefix(3)) {
    const auto place = static_cast<std::uint8_t>(edits[0]) * 256u + static_cast<std::uint8_t>(edits[1]);
    char& target = file[place % file.size()];
    target = static_cast<char>(target ^ edits[2]);
  }
  return file;
}

std::string block(const std::string& der, std::uint8_t label) {
  const tls::BioHandle out(BIO_new(BIO_s_mem()));
  PEM_write_bio(out.get(), kLabels[label % std::size(kLabels)], "", reinterpret_cast<const unsigned char*>(der.data()),
                static_cast<long>(der.size()));
  char* text = nullptr;
  const long length = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(length)};
}

void must_be_fit(const std::string& text) {
  for (const char c : text) {
    if ((c >= 0 && c < ' ') || c == 0x7f) std::abort();
  }
}

void judge(const std::string& file) {
  // As the node reads a file that its configuration names.
  if (const auto all = tls::parse_certificates(file, "file"); !all) must_be_fit(all.error().message);
  auto objects = pki::read_objects(file, "file", "");
  if (ERR_peek_error() != 0) std::abort();
  if (!objects) {
    must_be_fit(objects.error().message);
    return;
  }
  if (objects->empty()) std::abort();
  for (const pki::Artefact& one : pki::inspect(*objects, kNow)) {
    must_be_fit(one.title);
    for (const auto& [label, value] : one.facts) must_be_fit(label + value);
  }
  std::vector<tls::LoadedCertificate> heap;
  for (pki::FoundObject& object : *objects) {
    if (auto* one = std::get_if<tls::CertificateHandle>(&object)) heap.push_back({std::move(*one), "file"});
  }
  if (!heap.empty()) (void)pki::make_bundle(std::move(heap), nullptr);
  if (ERR_peek_error() != 0) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<std::string> files = good_files();
  if (size < 2) return 0;
  const std::size_t mode = data[0] % 8;
  const std::string rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (mode >= 2) {
    judge(edited(files[mode - 2], rest));
  } else {
    judge(mode == 0 ? rest : block(rest.substr(1), data[1]));
  }
  return 0;
}
