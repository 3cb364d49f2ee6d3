#include "node/ocsp/check.h"

#include <ctime>

#include "node/ocsp/fetch.h"
#include "tls/pem_file.h"

namespace transom::node {
namespace {

using tls::OcspVerdict;

tls::CertificateHandle another_reference(const tls::CertificateHandle& certificate) {
  if (certificate) X509_up_ref(certificate.get());
  return tls::CertificateHandle(certificate.get());
}

OcspOutcome judge(const OcspSubject& subject, const std::string& der, std::int64_t now) {
  const std::string where = subject.staple_file.empty() ? "" : subject.staple_file + ": ";
  auto verdict = tls::judge_ocsp(der, subject.leaf.get(), subject.issuer.get(), now);
  if (!verdict) return fail("{}{}", where, verdict.error().message);
  if (verdict->status == OcspVerdict::Status::unknown) {
    return fail("{}the OCSP response says that the issuer does not know this certificate (status unknown)", where);
  }
  return verdict;
}

/// Of two good responses the one stays that lasts longer.
void offer(const OcspSubject& subject, const std::string& der, const OcspVerdict& verdict, std::int64_t now) {
  const auto present = subject.slot->get();
  if (present && present->not_after > now && present->not_after > verdict.good_until) return;
  subject.slot->set(std::make_shared<const tls::Staple>(tls::Staple{der, verdict.good_until}));
}

Result<std::string> read_staple_file(const std::string& path) {
  const auto content = tls::read_pem_file(path, "OCSP response");
  if (!content) return tl::make_unexpected(content.error());
  auto der = tls::ocsp_response_in(*content);
  if (!der) return fail("{}: {}", path, der.error().message);
  return der;
}

}  // namespace

std::shared_ptr<const OcspSubject> make_ocsp_subject(const tls::ServedCertificate& certificate) {
  auto subject = std::make_shared<OcspSubject>();
  subject->file = certificate.config.certificate_file;
  subject->subject = certificate.info.subject;
  subject->name = fmt::format("{} ({})", subject->file, subject->subject);
  subject->fingerprint = certificate.info.sha256_fingerprint;
  subject->leaf = another_reference(certificate.leaf);
  subject->issuer = another_reference(certificate.issuer);
  subject->responder = certificate.ocsp_url;
  subject->staple_file = certificate.config.staple_file;
  subject->must_staple = certificate.must_staple;
  subject->slot = certificate.staple;
  if (subject->issuer) {
    if (auto query = tls::make_ocsp_query(subject->leaf.get(), subject->issuer.get())) subject->query = *query;
  }
  return subject;
}

OcspWorld real_ocsp_world() {
  return {[](const OcspSubject& subject, const std::atomic<bool>& cancelled) {
            return fetch_ocsp(subject.responder, subject.query, cancelled);
          },
          [] { return std::int64_t{std::time(nullptr)}; }};
}

OcspOutcome check_staple_file(const OcspSubject& subject, std::int64_t now) {
  const auto der = read_staple_file(subject.staple_file);
  return der ? judge(subject, *der, now) : tl::make_unexpected(der.error());
}

OcspOutcome check_cached(const OcspSubject& subject, const OcspCache& cache, std::int64_t now) {
  if (!subject.staple_file.empty()) return fail("the response comes from a file of its own");
  const std::string der = cache.load(subject.query.id);
  if (der.empty()) return fail("no OCSP response is kept");
  auto verdict = judge(subject, der, now);
  if (verdict && verdict->status == OcspVerdict::Status::good) offer(subject, der, *verdict, now);
  return verdict;
}

OcspOutcome check_source(const OcspSubject& subject, OcspCache& cache, const OcspWorld& world,
                         const std::atomic<bool>& cancelled, std::string& cache_fault) {
  const bool fetched = subject.staple_file.empty();
  const auto der = fetched ? world.fetch(subject, cancelled) : read_staple_file(subject.staple_file);
  if (!der) return tl::make_unexpected(der.error());
  const std::int64_t now = world.now();
  auto verdict = judge(subject, *der, now);
  if (!verdict) return verdict;
  if (verdict->status == OcspVerdict::Status::revoked) {
    subject.slot->set(nullptr);
    cache.remove(subject.query.id);
    return verdict;
  }
  offer(subject, *der, *verdict, now);
  if (!fetched) return verdict;
  if (auto stored = cache.store(subject.query.id, *der); !stored) cache_fault = stored.error().message;
  return verdict;
}

}  // namespace transom::node
