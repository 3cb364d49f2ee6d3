#include "pki/requests.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "tls/openssl_error.h"

namespace transom::pki {
namespace {

using tls::FreeWith;
using ExtensionsHandle = std::unique_ptr<STACK_OF(X509_EXTENSION), void (*)(STACK_OF(X509_EXTENSION)*)>;

void free_extensions(STACK_OF(X509_EXTENSION) * list) { sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free); }

bool set_subject(X509_REQ* request, const std::string& common_name) {
  if (common_name.empty()) return true;
  const auto* text = reinterpret_cast<const unsigned char*>(common_name.data());
  return X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(request), "CN", MBSTRING_UTF8, text,
                                    static_cast<int>(common_name.size()), -1, 0) == 1;
}

bool add_alternative_names(X509_REQ* request, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, nullptr, nullptr, request, nullptr, 0);
  tls::ExtensionHandle extension(X509V3_EXT_conf_nid(nullptr, &context, NID_subject_alt_name, value.c_str()));
  if (!extension) return false;
  const ExtensionsHandle list(sk_X509_EXTENSION_new_null(), free_extensions);
  if (!list || sk_X509_EXTENSION_push(list.get(), extension.get()) == 0) return false;
  extension.release();
  return X509_REQ_add_extensions(request, list.get()) == 1;
}

std::string text_of(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

/// The extensions asked for; null where there are none. Damaged ones must not count as none.
Result<ExtensionsHandle> requested_extensions(X509_REQ* request) {
  ExtensionsHandle list(X509_REQ_get_extensions(request), free_extensions);
  const bool asked = X509_REQ_get_attr_by_NID(request, NID_ext_req, -1) >= 0 ||
                     X509_REQ_get_attr_by_NID(request, NID_ms_ext_req, -1) >= 0;
  if (asked && !list) return fail("what it asks for is damaged");
  return list;
}

/// Null where there are none.
Result<tls::NamesHandle> requested_alternatives(X509_REQ* request) {
  constexpr int kAbsent = -1;
  const auto extensions = requested_extensions(request);
  if (!extensions) return tl::make_unexpected(extensions.error());
  int found = kAbsent;
  tls::NamesHandle list(
      static_cast<GENERAL_NAMES*>(X509V3_get_d2i(extensions->get(), NID_subject_alt_name, &found, nullptr)));
  if (found != kAbsent && sk_GENERAL_NAME_num(list.get()) < 1) {
    return fail("its alternative names are damaged, empty or stand there twice");
  }
  return list;
}

std::string common_name_of(X509_REQ* request) {
  X509_NAME* subject = X509_REQ_get_subject_name(request);
  const int place = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  return place < 0 ? "" : text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, place)));
}

}  // namespace

Result<std::string> make_request(const Names& names, EVP_PKEY* key) {
  const tls::ErrorScope errors;
  const RequestHandle request(X509_REQ_new());
  const bool done = request && X509_REQ_set_version(request.get(), X509_REQ_VERSION_1) == 1 &&
                    set_subject(request.get(), common_name(names)) && X509_REQ_set_pubkey(request.get(), key) == 1 &&
                    add_alternative_names(request.get(), alternative_names(names)) &&
                    X509_REQ_sign(request.get(), key, EVP_sha256()) > 0;
  if (!done) return fail("cannot make the request: {}", tls::openssl_reason());
  const tls::BioHandle out(BIO_new(BIO_s_mem()));
  if (!out || PEM_write_bio_X509_REQ(out.get(), request.get()) != 1) return fail("out of memory");
  char* text = nullptr;
  const long length = BIO_get_mem_data(out.get(), &text);
  return std::string(text, static_cast<std::size_t>(length));
}

Result<RequestHandle> read_request(const std::string& content, const std::string& what) {
  const tls::ErrorScope errors;
  const tls::BioHandle source(BIO_new_mem_buf(content.data(), static_cast<int>(content.size())));
  RequestHandle request(PEM_read_bio_X509_REQ(source.get(), nullptr, nullptr, nullptr));
  if (!request) {
    const auto* at = reinterpret_cast<const unsigned char*>(content.data());
    request.reset(d2i_X509_REQ(nullptr, &at, static_cast<long>(content.size())));
  }
  if (!request) return fail("{} is no request for a certificate (PKCS #10, PEM or DER), or a damaged one", what);
  EVP_PKEY* key = X509_REQ_get0_pubkey(request.get());
  if (key == nullptr || X509_REQ_verify(request.get(), key) != 1) {
    return fail("{} is not signed by its own key: it was changed, or whoever made it has not got the key", what);
  }
  return request;
}

Result<Names> requested_names(X509_REQ* request, const std::string& what) {
  const tls::ErrorScope errors;
  const auto list = requested_alternatives(request);
  if (!list) return fail("{}: {}", what, list.error().message);
  const std::vector<std::string> words = {common_name_of(request)};
  if (!*list && words.front().empty()) {
    return fail("{} asks for no name at all; a certificate is for at least one", what);
  }
  auto names = *list ? read_names(list->get()) : parse_names(words);
  if (!names) return fail("{}: {}", what, names.error().message);
  return names;
}

}  // namespace transom::pki
