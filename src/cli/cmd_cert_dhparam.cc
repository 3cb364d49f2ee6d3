#include <openssl/pem.h>

#include "cli/cli_error.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "tls/dh_parameters.h"

namespace transom::cli {
namespace {

std::string pem_of(EVP_PKEY* parameters) {
  const tls::BioHandle out(BIO_new(BIO_s_mem()));
  if (!out || PEM_write_bio_Parameters(out.get(), parameters) != 1) give_up("cannot write the parameters as PEM");
  char* text = nullptr;
  const long length = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(length)};
}

}  // namespace

int run_cert_dhparam(Arguments& arguments) {
  std::string bits = "2048";
  std::optional<std::string> out;
  bool force = false;
  arguments.choice("--bits", bits, {"2048", "3072", "4096"}, "The size of the group of RFC 7919");
  arguments.text("--out", out, "FILE", "Where to write (default: the standard output)");
  arguments.flag("--force", force, "Overwrite a file that is there");
  if (const auto code = arguments.parse()) return *code;
  const auto parameters = value_or_give_up(tls::named_dh_group(("ffdhe" + bits).c_str()));
  const std::string pem = pem_of(parameters.get());
  if (!out) {
    print_output(pem);
    return 0;
  }
  write_outputs({{*out, pem, kPublicMode}}, force);
  fmt::print("A Transom needs no such file: \"dhparam\": \"auto\" offers the same group.\n");
  return 0;
}

}  // namespace transom::cli
