// One certificate's OCSP response: from where it may come, and what becomes of it. Everything here may block.
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "node/ocsp/cache.h"
#include "tls/context.h"
#include "tls/ocsp.h"

namespace transom::node {

/// A certificate that staples are wanted for. Immutable, so that any thread may read it.
struct OcspSubject {
  std::string name;         // for people: its file and its subject
  std::string file;         // of the certificate
  std::string subject;      // of the certificate, RFC 2253
  std::string fingerprint;  // SHA-256
  tls::CertificateHandle leaf, issuer;
  std::string responder;    // empty: none
  std::string staple_file;  // empty: none
  bool must_staple = false;
  std::shared_ptr<tls::StapleSlot> slot;
  tls::OcspQuery query;  // empty without an issuer

  bool has_source() const { return !query.der.empty() && (!responder.empty() || !staple_file.empty()); }
};
std::shared_ptr<const OcspSubject> make_ocsp_subject(const tls::ServedCertificate& certificate);

/// What the stapler needs of the world; tests have their own.
struct OcspWorld {
  std::function<Result<std::string>(const OcspSubject&, const std::atomic<bool>& cancelled)> fetch;
  std::function<std::int64_t()> now;
};
OcspWorld real_ocsp_world();

/// The verdict on what was found; an error also where the responder does not know the certificate.
using OcspOutcome = Result<tls::OcspVerdict>;

/// What the subject's staple file says; nothing is put anywhere.
OcspOutcome check_staple_file(const OcspSubject& subject, std::int64_t now);
/// The response that the cache holds; a good one is put into the slot.
OcspOutcome check_cached(const OcspSubject& subject, const OcspCache& cache, std::int64_t now);
/// Reads the file or asks the responder. A good response goes into the slot, and one of a responder into the cache; a
/// revoked certificate loses both. `cache_fault` says what was wrong with the cache, if anything.
OcspOutcome check_source(const OcspSubject& subject, OcspCache& cache, const OcspWorld& world,
                         const std::atomic<bool>& cancelled, std::string& cache_fault);

}  // namespace transom::node
