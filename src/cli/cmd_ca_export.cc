#include "cli/authority_options.h"
#include "cli/cli_error.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "pki/authority_constraints.h"
#include "tls/certificate_info.h"

namespace transom::cli {
namespace {

std::string der_of(X509* certificate) {
  unsigned char* octets = nullptr;
  const int length = i2d_X509(certificate, &octets);
  if (length <= 0) give_up("cannot write the root's certificate");
  std::string der(reinterpret_cast<char*>(octets), static_cast<std::size_t>(length));
  OPENSSL_free(octets);
  return der;
}

}  // namespace

int run_ca_export(Arguments& arguments) {
  AuthorityPlace place;
  std::optional<std::string> out;
  bool force = false;
  place.declare(arguments);
  arguments.text("--out", out, "PREFIX", "Write PREFIX.crt, which is PEM, and PREFIX.der (default: root-ca)");
  arguments.flag("--force", force, "Overwrite files that are there");
  if (const auto code = arguments.parse()) return *code;

  const auto store = place.open();
  const auto root = certificate_in(store.root_pem(), "root.crt");
  const std::string prefix = out.value_or("root-ca");
  write_outputs({{prefix + ".crt", store.root_pem(), kPublicMode}, {prefix + ".der", der_of(root.get()), kPublicMode}},
                force);
  const std::string limits = pki::describe_constraints(root.get());
  fmt::print(
      "\n{}\ncan vouch for: {}\nSHA-256:       {}\nSHA-1:         {}   (Windows calls it the thumbprint)\n\n"
      "Whoever imports it should compare a fingerprint with this one, told in another way than the file came.\n",
      tls::subject_name(root.get()), limits.empty() ? "anything" : limits, tls::fingerprint(root.get(), EVP_sha256()),
      tls::fingerprint(root.get(), EVP_sha1()));
  return 0;
}

}  // namespace transom::cli
