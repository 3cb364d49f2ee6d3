#include <ctime>

#include "cli/cli_error.h"
#include "cli/commands.h"
#include "cli/config_lines.h"
#include "cli/new_key.h"
#include "cli/output.h"
#include "cli/places.h"
#include "pki/faults.h"
#include "pki/inspect.h"
#include "pki/self_signed.h"
#include "tls/certificate_builder.h"
#include "tls/certificate_info.h"

namespace transom::cli {
namespace {

/// Whoever renews a certificate that vouches for itself has to import it everywhere again, so that it lives as long as
/// all clients allow.
constexpr std::int64_t kDefaultDays = pki::kLongestLife / pki::kDaySeconds;
constexpr std::int64_t kMostDays = 3650;

void report(const tls::CertificateInfo& info, std::int64_t days) {
  std::string names;
  for (const auto* list : {&info.dns_names, &info.ip_addresses}) {
    for (const std::string& name : *list) names += (names.empty() ? "" : ", ") + name;
  }
  fmt::print("\nfor:      {}\nkey:      {}\nvalid to: {}\nSHA-256:  {}\n", names, info.key,
             pki::date_text(info.not_after), info.sha256_fingerprint);
  if (days > kDefaultDays) {
    fmt::print("\nApple's programs take no certificate that is valid longer than {} days.\n", kDefaultDays);
  }
}

void say_what_is_next(const std::string& certificate, const std::string& lines) {
  fmt::print(
      "\nIn the configuration of an endpoint:\n{}\n"
      "Browsers warn of it until it is imported into each of them; compare the SHA-256 above. See what they would "
      "say:\n"
      "  transom cert verify --certificate {} --ca {}\n"
      "For more than one server or browser an authority of your own is less work: transom ca init\n",
      lines, shell_word(certificate), shell_word(certificate));
}

}  // namespace

int run_cert_self_signed(Arguments& arguments) {
  NewKeyOptions key_options;
  std::vector<std::string> words;
  std::optional<std::string> out;
  std::optional<std::int64_t> days;
  bool force = false;
  arguments.words("NAME", words);
  key_options.declare(arguments);
  arguments.number("--days", days, 1, kMostDays, "DAYS",
                   "How long it is valid (default: 825, the most that all clients take)");
  arguments.text("--out", out, "PREFIX", "Write PREFIX.key and PREFIX.pem (default: the first name, here)");
  arguments.flag("--force", force, "Overwrite files that are there");
  if (const auto code = arguments.parse()) return *code;

  const auto names = value_or_give_up(pki::parse_names(words));
  check(key_options);
  const std::string prefix = out.value_or(file_stem(words.front()));
  const std::string certificate_file = prefix + ".pem";
  std::vector<std::string> paths = {certificate_file};
  if (!key_options.file) paths.push_back(prefix + ".key");
  check_outputs(paths, force);
  spare_inputs(paths, {key_options.file, key_options.passphrase.file});

  const ChosenKey key = choose_key(key_options, prefix + ".key");
  const auto certificate = value_or_give_up(
      pki::make_self_signed(names, key.key.get(), std::time(nullptr), static_cast<int>(days.value_or(kDefaultDays))));
  std::vector<node::NewFile> files;
  if (!key.new_content.empty()) files.push_back({key.path, key.new_content, kSecretMode});
  files.push_back({certificate_file, value_or_give_up(tls::certificate_pem(certificate.get())), kPublicMode});
  write_outputs(files, force);

  report(value_or_give_up(tls::certificate_info(certificate.get())), days.value_or(kDefaultDays));
  say_what_is_next(certificate_file, tls_lines(absolute_path(key.path), absolute_path(certificate_file), key.encrypted,
                                               key_options.passphrase));
  return 0;
}

}  // namespace transom::cli
