#include "cli/certificate_input.h"
#include "cli/cli_error.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "pki/bundle.h"
#include "pki/printable.h"
#include "pki/verify.h"
#include "tls/certificate_info.h"

namespace transom::cli {
namespace {

/// A root that all clients know need not be among the files.
void insist_on_end(const pki::Bundle& bundle) {
  if (bundle.open_end == nullptr || knows_issuer_of(value_or_give_up(pki::system_authorities()), bundle.open_end)) {
    return;
  }
  const auto info = value_or_give_up(tls::certificate_info(bundle.open_end));
  const std::string url = pki::issuer_url(bundle.open_end);
  give_up(
      "the chain has a gap: \"{}\" was issued by \"{}\", which is in none of the files and not known to this machine; "
      "name its file too{} (the root of your own authority as well: it shows that the chain is whole, and is left out)",
      pki::printable(info.subject), pki::printable(info.issuer),
      url.empty() ? "" : fmt::format(", its issuer offers it at {}", url));
}

void report(const pki::Bundle& bundle) {
  fmt::print(stderr, "1. {}\n", pki::printable(tls::subject_name(bundle.chain.leaf.get())));
  int place = 2;
  for (const auto& one : bundle.chain.above) {
    fmt::print(stderr, "{}. {}\n", place++, pki::printable(tls::subject_name(one.certificate.get())));
  }
  for (const std::string& note : bundle.notes) fmt::print(stderr, "note: {}\n", pki::printable(note));
}

}  // namespace

int run_cert_bundle(Arguments& arguments) {
  std::vector<std::string> paths;
  std::optional<std::string> out, key_file;
  PassphraseOptions passphrase;
  bool force = false;
  arguments.words("FILE", paths);
  arguments.text("--out", out, "FILE", "Where to write the chain (default: the standard output)");
  arguments.text("--key", key_file, "FILE",
                 "The private key, where it is not clear which certificate the chain is for");
  passphrase.declare(arguments, "the key or of a PKCS #12 file");
  arguments.flag("--force", force, "Overwrite a file that is there");
  if (const auto code = arguments.parse()) return *code;

  if (paths.empty()) give_up("no file is named; name those with your certificate and its authorities'");
  if (out) {
    check_outputs({*out}, force);
    spare_inputs({*out}, {key_file, passphrase.file});
    spare_inputs({*out}, {paths.begin(), paths.end()});
  }
  const tls::KeyHandle key = key_file ? open_key(*key_file, passphrase) : nullptr;
  const auto bundle = value_or_give_up(pki::make_bundle(read_certificates(paths, passphrase), key.get()));
  insist_on_end(bundle);
  const std::string pem = value_or_give_up(pki::bundle_pem(bundle.chain));
  if (out) {
    write_outputs({{*out, pem, kPublicMode}}, force);
  } else {
    print_output(pem);
  }
  report(bundle);
  return 0;
}

}  // namespace transom::cli
