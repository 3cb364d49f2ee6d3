#include "cli/authority_options.h"

#include <algorithm>
#include <ctime>

#include "cli/cli_error.h"
#include "cli/places.h"
#include "tls/certificate_info.h"
#include "tls/ocsp.h"
#include "tls/pem_file.h"

namespace transom::cli {
namespace {

constexpr std::int64_t kClockSkewS = 3600;  // lists begin this long before now, as certificates do
constexpr std::int64_t kRootListWarningS = 60 * kDayS;

}  // namespace

void AuthorityPlace::declare(Arguments& arguments) {
  arguments.text("--dir", named, "DIR", "The directory of the authority (default: ca)");
}

std::string AuthorityPlace::directory() const {
  std::string directory = named.value_or("ca");
  while (directory.size() > 1 && directory.back() == '/') directory.pop_back();
  if (directory.empty()) give_up("--dir is empty; name a directory");
  return directory;
}

node::AuthorityStore AuthorityPlace::open() const { return value_or_give_up(node::AuthorityStore::open(directory())); }

std::string AuthorityPlace::hint() const { return named ? " --dir " + shell_word(*named) : ""; }

std::string fresh_crl(const pki::SigningPair& issuer, const std::vector<pki::Revocation>& revocations,
                      const std::string& before, std::int64_t days) {
  const std::int64_t now = std::time(nullptr);
  // The time as its least value keeps the number rising even where the list before was lost.
  const pki::CrlPlan plan{std::max(pki::crl_number(before) + 1, now), now - kClockSkewS, now + days * kDayS};
  return value_or_give_up(pki::crl_der(value_or_give_up(pki::make_crl(issuer, revocations, plan)).get()));
}

void refresh_crl(const node::AuthorityStore& store, std::int64_t days) {
  const auto issuer = value_or_give_up(store.intermediate());
  const auto revocations = value_or_give_up(store.revocations());
  const std::string before = value_or_give_up(store.crl(false));
  value_or_give_up(store.replace_crl(false, fresh_crl(issuer, revocations, before, days)));
}

void warn_of_root_list(const node::AuthorityStore& store, std::int64_t now) {
  const std::int64_t end = pki::crl_next_update(value_or_give_up(store.crl(true)));
  if (end > now + kRootListWarningS) return;
  fmt::print(stderr,
             "transom: the root's own list in {0}/crls.pem {1} on {2}, and with it no certificate of a client is taken "
             "any more; renew it with the root's key: transom ca crl --root\n",
             store.directory(), end <= now ? "ended" : "ends", day_of(end));
}

tls::CertificateHandle certificate_in(const std::string& pem, const std::string& what) {
  return std::move(value_or_give_up(tls::parse_certificates(pem, what)).front().certificate);
}

std::string names_of(X509* certificate) {
  const auto info = value_or_give_up(tls::certificate_info(certificate));
  std::string text;
  for (const auto* list : {&info.dns_names, &info.ip_addresses}) {
    for (const std::string& name : *list) text += (text.empty() ? "" : ", ") + name;
  }
  STACK_OF(OPENSSL_STRING)* mails = X509_get1_email(certificate);
  for (int i = 0; i < sk_OPENSSL_STRING_num(mails); ++i) {
    text += (text.empty() ? "" : ", ") + std::string(sk_OPENSSL_STRING_value(mails, i));
  }
  X509_email_free(mails);
  return text;
}

std::string day_of(std::int64_t seconds) { return tls::utc_text(seconds).substr(0, 10); }

}  // namespace transom::cli
