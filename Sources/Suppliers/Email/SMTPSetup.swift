import Groundwork
import PushEngine

/// What an account's settings come to.
struct SMTPSetup: Sendable {
    let server: MailServer
    let from: String
    let fromName: String
    /// The sender's domain, which messages are named in.
    let domain: String
    let signer: DKIMSigner?
    private let bounceDomain: String
    private let unsubscribe: String

    /// Reads an account's settings.
    ///
    /// - Throws: `SMTPSetupFault` for the first that makes no sense.
    init(_ account: SupplierAccount) throws(SMTPSetupFault) {
        guard let from = try? AddressForm.mail.spelling(of: account["from"]) else {
            throw SMTPSetupFault(field: "from", reason: "is no mail address")
        }
        self.from = from
        domain = from.split(separator: "@").last.map(String.init) ?? ""
        fromName = account["fromName"].trimming()
        bounceDomain = account["bounceDomain"].lowercased()
        if !bounceDomain.isEmpty, (try? AddressForm.mail.spelling(of: "bounce@" + bounceDomain)) == nil {
            throw SMTPSetupFault(field: "bounceDomain", reason: "is no domain")
        }
        unsubscribe = account["unsubscribe"]
        let isAddress = unsubscribe.hasPrefix("https://") || unsubscribe.hasPrefix("mailto:")
        let isPlain = unsubscribe.utf8.allSatisfy { 0x21...0x7E ~= $0 && !"<>,\"".utf8.contains($0) }
        guard unsubscribe.isEmpty || isAddress && isPlain else {
            throw SMTPSetupFault(field: "unsubscribe", reason: "is no https or mailto address")
        }
        server = try Self.server(account, greeting: domain)
        signer = try Self.signer(account, domain)
    }

    /// Who a message to `name` is from as far as servers are concerned: what cannot be delivered comes back there.
    func sender(of name: MailName) -> String {
        guard !bounceDomain.isEmpty else { return from }
        let local = "bounce+\(name.local)"
        // RFC 5321, 4.5.3.1.1: longer than that no mailbox is; the message's id is left to join by.
        return local.utf8.count <= 64 ? "\(local)@\(bounceDomain)" : "bounce@\(bounceDomain)"
    }

    /// Where `recipient` says that no more is wanted; nil when the account has no place for it.
    func unsubscribe(recipient: String, id: String) -> String? {
        guard !unsubscribe.isEmpty else { return nil }
        return unsubscribe.replacing("{$recipient}", with: PercentEncoding.encoded(recipient))
            .replacing("{$messageId}", with: PercentEncoding.encoded(id))
    }

    private static func server(
        _ account: SupplierAccount,
        greeting: String
    ) throws(SMTPSetupFault) -> MailServer {
        let isImplicit = account.url.lowercased().hasPrefix("smtps://")
        let authority = account.url.drop { $0 != "/" }.drop { $0 == "/" }.prefix { $0 != "/" }
        let colon = authority.lastIndex(of: ":").flatMap { authority[$0...].contains("]") ? nil : $0 }
        let host = colon.map { authority[..<$0] } ?? authority
        let port = colon.map { Int(authority[authority.index(after: $0)...]) } ?? (isImplicit ? 465 : 587)
        guard !host.isEmpty, let port, (1...65_535).contains(port) else {
            throw SMTPSetupFault(field: "url", reason: "is no address such as smtps://smtp.example.com:465")
        }
        let security: MailServer.Security =
            isImplicit ? .implicitTLS : account["starttls"] == "none" ? .plain : .startTLS
        return MailServer(
            host: host.trimmingBrackets(),
            port: port,
            security: security,
            user: account["user"],
            password: account.secret("pass"),
            greeting: greeting
        )
    }

    private static func signer(
        _ account: SupplierAccount,
        _ domain: String
    ) throws(SMTPSetupFault) -> DKIMSigner? {
        let (key, selector) = (account.secret("dkimKey"), account["dkimSelector"])
        guard !key.isEmpty || !selector.isEmpty || !account["dkimDomain"].isEmpty else { return nil }
        let signing = account["dkimDomain"].isEmpty ? domain : account["dkimDomain"].lowercased()
        let isName = (try? AddressForm.mail.spelling(of: "x@\(selector).\(signing)")) != nil
        guard !selector.isEmpty, isName else {
            throw SMTPSetupFault(field: "dkimSelector", reason: "makes no domain's name with dkimDomain")
        }
        guard let signer = DKIMSigner(domain: signing, selector: selector, key: key) else {
            let reason = "is no RSA key of 2048 bits or more and no Ed25519 key, in PEM"
            throw SMTPSetupFault(field: "dkimKey", reason: reason)
        }
        return signer
    }
}

/// A setting of an account with which nothing can be sent.
struct SMTPSetupFault: Error, Hashable {
    let field: String
    let reason: String
}

extension CatalogueFault {
    /// The fault as whoever gives the account is told of it.
    init(_ fault: SMTPSetupFault) {
        self = .invalid(field: fault.field == "url" ? "url" : "config.\(fault.field)", reason: fault.reason)
    }
}

extension Refusal {
    /// Nothing was sent: somebody has to mend the account.
    init(_ fault: SMTPSetupFault) {
        self.init(.badConfig, code: "kpush.account", message: "\(fault.field) \(fault.reason)")
    }
}

extension Substring {
    fileprivate func trimmingBrackets() -> String {
        hasPrefix("[") && hasSuffix("]") ? String(dropFirst().dropLast()) : String(self)
    }
}
