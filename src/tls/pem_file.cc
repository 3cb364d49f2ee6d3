#include "tls/pem_file.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "tls/openssl_error.h"

namespace transom::tls {
namespace {

constexpr std::size_t max_certificates = 64;

BioHandle memory_bio(const std::string& text) {
  return BioHandle(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string remedy_for(int error, const std::string& path) {
  if (error == ENOENT || error == 0) return "check the path";
  if (error == EACCES) return fmt::format("let the user of the node read it: chown or chmod u+r {}", shell_word(path));
  return "check what stands there";
}

/// What OpenSSL's question for a passphrase is answered with.
struct Answer {
  const std::string* passphrase = nullptr;
  bool asked = false, too_long = false;
};

int give_passphrase(char* to, int size, int, void* context) {
  auto& answer = *static_cast<Answer*>(context);
  answer.asked = true;
  if (answer.passphrase == nullptr) return -1;
  answer.too_long = answer.passphrase->size() > static_cast<std::size_t>(size);
  if (answer.too_long) return -1;
  std::memcpy(to, answer.passphrase->data(), answer.passphrase->size());
  return static_cast<int>(answer.passphrase->size());
}

/// What helps where no PEM block was found: a text editor may have written two octets for each letter.
std::string conversion(const std::string& content, const std::string& of_der, const std::string& of_text) {
  const bool utf16 = content.starts_with("\xff\xfe") || content.starts_with("\xfe\xff");
  return utf16 ? "it is text in UTF-16, which is converted with: " + of_text
               : "a DER file is converted with: " + of_der;
}

bool only_end_of_file() {
  const unsigned long error = ERR_peek_last_error();
  return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

/// As OpenSSL does, which also takes octets beyond ASCII for space.
std::string_view without_space_at_end(std::string_view line) {
  while (!line.empty() && static_cast<signed char>(line.back()) <= ' ') line.remove_suffix(1);
  return line;
}

}  // namespace

bool ends_within_block(std::string_view pem) {
  constexpr std::string_view begin = "-----BEGIN", end = "-----END", dashes = "-----";
  std::string_view open;  // what stands behind the BEGIN of the block that we are in
  while (!pem.empty()) {
    const std::size_t length = std::min(pem.find('\n'), pem.size());
    const bool last = length == pem.size();
    const std::string_view line = without_space_at_end(pem.substr(0, length));
    pem.remove_prefix(last ? length : length + 1);
    if (line.starts_with(begin)) {
      const bool whole = line.size() > begin.size() + dashes.size() && line.ends_with(dashes);
      if (!open.empty() || !whole) return true;
      open = line.substr(begin.size());
    } else if (!open.empty()) {
      if (line.starts_with(end) && line.substr(end.size()) == open) open = {};
    } else if (last && !line.empty() && begin.starts_with(line)) {
      return true;
    }
  }
  return !open.empty();
}

std::string shell_word(std::string_view path) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("/._-+,:@%").find(c) != std::string_view::npos;
  };
  if (!path.empty() && std::all_of(path.begin(), path.end(), plain)) return std::string(path);
  std::string quoted = "'";
  for (const char c : path) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

Result<std::string> read_pem_file(const std::string& path, std::string_view what, std::size_t max_octets,
                                  FileKinds kinds) {
  auto content = read_file(path, max_octets, kinds);
  if (!content) {
    const FileFault& fault = content.error();
    return fail("cannot {} the {} file {}: {}; {}", fault.verb, what, path, fault.reason,
                remedy_for(fault.error, path));
  }
  if (content->size() > max_octets) {
    return fail("the {} file {} is longer than {} octets: it cannot be one", what, path, max_octets);
  }
  return std::move(*content);
}

tl::unexpected<Error> torn(const std::string& file) {
  return fail(
      "{} is damaged: a block begins in it (-----BEGIN) and does not end; it is half written or cut off, write "
      "it anew",
      file);
}

Result<std::vector<LoadedCertificate>> parse_certificates(const std::string& pem, const std::string& file) {
  const ErrorScope errors;
  const BioHandle source = memory_bio(pem);
  std::vector<LoadedCertificate> found;
  Answer none;
  while (X509* certificate = PEM_read_bio_X509(source.get(), nullptr, give_passphrase, &none)) {
    found.push_back({CertificateHandle(certificate), file});
    if (found.size() > max_certificates) return fail("{} holds more than {} certificates", file, max_certificates);
  }
  if (!only_end_of_file()) {
    return fail("certificate number {} of {} is damaged ({}); look at it with: openssl x509 -in {} -noout -text",
                found.size() + 1, file, openssl_reason(), shell_word(file));
  }
  if (ends_within_block(pem)) return torn(file);
  if (found.empty()) {
    const std::string word = shell_word(file);
    return fail("{} holds no PEM certificate (a block that begins with -----BEGIN CERTIFICATE-----); {}", file,
                conversion(pem, fmt::format("openssl x509 -inform DER -in {} -out certificate.pem", word),
                           fmt::format("iconv -f UTF-16 -t ASCII {} > certificate.pem", word)));
  }
  return found;
}

Result<KeyHandle> parse_private_key(const std::string& pem, const std::string& file, const std::string* passphrase) {
  const ErrorScope errors;
  const BioHandle source = memory_bio(pem);
  Answer answer{passphrase};
  KeyHandle key(PEM_read_bio_PrivateKey(source.get(), nullptr, give_passphrase, &answer));
  if (key) return key;
  if (answer.asked && passphrase == nullptr) {
    return fail(
        "the key {} is encrypted and the node has no passphrase for it; name a source in `key_passphrase`, or write a "
        "key without one, readable by the node's user only: (umask 077; openssl pkey -in {} -out key_plain.pem)",
        file, shell_word(file));
  }
  if (answer.too_long) return fail("the passphrase of the key {} is longer than OpenSSL takes", file);
  if (answer.asked) {
    return fail(
        "the key {} cannot be opened with the passphrase of `key_passphrase`; try it with: openssl pkey -in {} "
        "-noout",
        file, shell_word(file));
  }
  if (pem.find("PRIVATE KEY-----") == std::string::npos) {
    const std::string word = shell_word(file);
    return fail("{} holds no PEM private key (a block that begins with -----BEGIN PRIVATE KEY-----); {}", file,
                conversion(pem, fmt::format("(umask 077; openssl pkey -inform DER -in {} -out key.pem)", word),
                           fmt::format("(umask 077; iconv -f UTF-16 -t ASCII {} > key.pem)", word)));
  }
  return fail("the key {} is damaged ({}); check it with: openssl pkey -in {} -noout -check", file, openssl_reason(),
              shell_word(file));
}

Result<KeyHandle> parse_dh_parameters(const std::string& pem, const std::string& file) {
  const ErrorScope errors;
  const BioHandle source = memory_bio(pem);
  KeyHandle parameters(PEM_read_bio_Parameters(source.get(), nullptr));
  if (parameters && (EVP_PKEY_is_a(parameters.get(), "DH") || EVP_PKEY_is_a(parameters.get(), "DHX"))) {
    return parameters;
  }
  return fail(
      "{} holds no PEM DH parameters; write good ones with: openssl genpkey -genparam -algorithm DH -pkeyopt "
      "group:ffdhe2048 -out {}",
      file, shell_word(file));
}

}  // namespace transom::tls
