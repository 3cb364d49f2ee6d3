#include "cli/new_key.h"

#include "cli/cli_error.h"
#include "pki/faults.h"
#include "pki/keys.h"

namespace transom::cli {
namespace {

void judge(EVP_PKEY* key, const std::string& file) {
  for (const std::string& fault : pki::key_faults(key)) give_up("{} is not used: {}", file, fault);
}

}  // namespace

void NewKeyOptions::declare(Arguments& arguments) {
  arguments.text("--key", file, "FILE", "Use this private key, PEM or DER, instead of a new one");
  arguments.number("--rsa", rsa_bits, 2048, 8192, "BITS",
                   "Make an RSA key (default: ECDSA on P-256, faster and as safe as RSA with 3072 bits)");
  arguments.flag("--encrypt", encrypt, "Put the new key under a passphrase, which the node then needs as well");
  passphrase.declare(arguments, "the key");
}

void check(const NewKeyOptions& options) {
  if (options.file && options.rsa_bits)
    give_up("--key uses a key that is there, --rsa makes a new one; give one of them");
  if (options.file && options.encrypt) give_up("--encrypt is for a new key, and --key uses one that is there");
}

ChosenKey choose_key(const NewKeyOptions& options, const std::string& path) {
  if (options.file) {
    bool encrypted = false;
    auto key = open_key(*options.file, options.passphrase, &encrypted);
    judge(key.get(), *options.file);
    return {std::move(key), *options.file, "", encrypted};
  }
  const bool sealed = options.encrypt || options.passphrase.given();
  const tls::Secret passphrase = sealed ? new_passphrase(options.passphrase, path) : tls::Secret("");
  pki::KeyKind kind;
  if (options.rsa_bits) kind = {pki::KeyKind::Algorithm::rsa, static_cast<int>(*options.rsa_bits)};
  ChosenKey chosen{value_or_give_up(pki::make_key(kind)), path, "", sealed};
  chosen.new_content = value_or_give_up(pki::key_pem(chosen.key.get(), passphrase.text()));
  return chosen;
}

std::string file_stem(const std::string& name) {
  std::string stem;
  for (const char c : name.substr(0, 200)) stem += c == '*' || c == ':' || c == '/' ? '_' : c;
  return stem;
}

}  // namespace transom::cli
