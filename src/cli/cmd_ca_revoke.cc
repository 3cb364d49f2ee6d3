#include <ctime>
#include <filesystem>

#include "cli/authority_options.h"
#include "cli/cli_error.h"
#include "cli/commands.h"
#include "cli/input_file.h"
#include "tls/certificate_builder.h"

namespace transom::cli {
namespace {

/// "4f:0c:..." as openssl and browsers show it.
std::string plain_serial(const std::string& word) {
  std::string serial;
  for (const char c : word) {
    if (c != ':') serial += c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  if (serial.find_first_not_of("0123456789ABCDEF") != std::string::npos) {
    give_up("there is no file {}, and it is no serial number; transom ca list shows those", word);
  }
  return serial;
}

std::string serial_in(const std::string& file, const node::AuthorityStore& store) {
  const auto certificate = certificate_in(read_input(file, "certificate"), file);
  const auto intermediate = certificate_in(store.intermediate_pem(), "intermediate.crt");
  if (!tls::signed_by(certificate.get(), intermediate.get())) {
    give_up("{} was not issued by the authority in {}", file, store.directory());
  }
  return pki::serial_text(certificate.get());
}

/// A command before may have been cut off between the record and the list, so that the list is made in any case.
void record(const node::AuthorityStore& store, const std::string& serial, const std::string& reason) {
  const auto known = value_or_give_up(store.state(serial));
  if (known.is == pki::CertificateState::Is::revoked) {
    fmt::print("{} was revoked on {} already, reason {}\n", serial, day_of(known.revoked_at), known.reason);
  } else {
    value_or_give_up(store.revoke({serial, std::time(nullptr), reason}));
    const auto certificate = certificate_in(value_or_give_up(store.certificate(serial)), serial);
    fmt::print("Revoked {}, for {}, reason {}\n", serial, names_of(certificate.get()), reason);
  }
  std::fflush(stdout);
}

void refresh_list(const node::AuthorityStore& store, const AuthorityPlace& place) {
  try {
    refresh_crl(store, kCrlDays);
  } catch (const CliError& error) {
    give_up("{}; that is recorded, and OCSP says so, but the list is the old one: run transom ca crl{}", error.what(),
            place.hint());
  }
}

}  // namespace

int run_ca_revoke(Arguments& arguments) {
  std::string word, reason = "unspecified";
  AuthorityPlace place;
  arguments.word("SERIAL|FILE", word);
  arguments.choice("--reason", reason, pki::revocation_reasons(), "Why, for whoever reads the list");
  place.declare(arguments);
  if (const auto code = arguments.parse()) return *code;

  const auto store = place.open();
  std::error_code ignored;
  const std::string serial = std::filesystem::exists(word, ignored) ? serial_in(word, store) : plain_serial(word);
  const auto held = value_or_give_up(store.lock());
  record(store, serial, reason);
  refresh_list(store, place);
  fmt::print("Wrote {0}/intermediate.crl and {0}/crls.pem; hand them to whoever checks lists\n", store.directory());
  return 0;
}

}  // namespace transom::cli
