import Groundwork
package import PushEngine

extension SupplierKind {
    package static let smtp = SupplierKind(rawValue: "smtp")
}

extension SupplierForm {
    package static let smtp = SupplierForm(
        .smtp,
        title: "E-mail over SMTP",
        channel: .email,
        address: "",
        schemes: ["smtps", "smtp"],
        fields: [
            .required("from", "the sender's address"),
            .optional("fromName", "what people call the sender"),
            .optional("user", "who signs in; nobody does without one"),
            .secret("pass", "the password, or what the provider gives out in its place", isRequired: false),
            .optional(
                "starttls",
                "whether smtp:// must become secure before anything is said: required without one",
                choices: ["required", "none"],
                leadsSecrets: true
            ),
            .optional(
                "bounceDomain",
                "the domain whose mailbox gets the mail that could not be delivered; each message has an address "
                    + "of its own there, such as bounce+kp1-2.0123456789abcdef@bounces.example.com"
            ),
            .optional(
                "unsubscribe",
                "where people say that they want no more: an https or mailto address, in which {$recipient} and "
                    + "{$messageId} stand for theirs"
            ),
            .optional("dkimDomain", "the domain that signs messages; the sender's without one"),
            .optional("dkimSelector", "the name of its key below _domainkey"),
            .secret("dkimKey", "its private key, RSA or Ed25519, in PEM", isRequired: false),
        ],
        austin: .mail,
        refuseUseless: { account throws(CatalogueFault) in
            do throws(SMTPSetupFault) { _ = try SMTPSetup(account) } catch { throw CatalogueFault(error) }
        },
        adapter: { SMTPSupplier($0, $1) }
    )
}

/// Speaks SMTP with a server that delivers mail.
///
/// One call is one message to one person. The call's key is in the message's id and, where the account has a domain for
/// it, in the address that what could not be delivered comes back to.
package struct SMTPSupplier: Supplier {
    package let account: AccountID
    package let shapes = [CallShape(recipients: 1, sameContent: true)]
    /// Mail that came back may hold the message, with its files.
    package let callbackLimit = 20 << 20
    package let callLimits: [RateLimit]
    /// A server tells only of what it could not deliver.
    package let givesReceipts = false

    private let setup: Result<SMTPSetup, SMTPSetupFault>
    private let tools: SupplierTools

    /// Makes the adapter of one account.
    package init(_ account: SupplierAccount, _ tools: SupplierTools) {
        self.account = account.id
        // What a server allows is between it and its customers.
        callLimits = account.callLimits([], countedBy: account.url)
        do throws(SMTPSetupFault) { setup = .success(try SMTPSetup(account)) } catch {
            setup = .failure(error)
        }
        self.tools = tools
    }

    package func send(_ call: SupplierCall) async -> SupplierReply {
        guard call.contents.count == 1, call.recipients.count == 1 else {
            let refusal = Refusal(.badContent, code: "kpush.call_shape")
            return SupplierReply(all: .refused(refusal), count: call.recipients.count)
        }
        return SupplierReply(
            verdicts: [await send(call, to: call.recipients[0])]
        )
    }

    package func check() async throws(SupplierError) {
        let verdict: SupplierVerdict
        do throws(Refusal) {
            let setup = try ready()
            do throws(MailError) {
                let reply = try await tools.mail.greet(setup.server)
                guard !reply.isPositive else { return }
                verdict = SMTPCodes.verdict(on: reply)
            } catch { verdict = SMTPCodes.verdict(on: error) }
        } catch { verdict = .refused(error) }
        throw SupplierError(verdict)
    }

    package func open(_ callback: SupplierCallback) throws(SupplierError) -> CallbackContents {
        let type = callback.header("content-type").prefix { $0 != ";" }.lowercased().trimming()
        guard callback.method == "POST", type == "message/rfc822", !callback.body.isEmpty else {
            throw .malformed("a post of message/rfc822 is expected")
        }
        return .receipts(callback.body, answer: CallbackAnswer(text: "ok"))
    }

    package func readReceipts(_ raw: [UInt8]) throws(SupplierError) -> ReceiptPage {
        let bounce = BounceReader(raw, receivedAt: tools.clock.now)
        return ReceiptPage(receipts: bounce.receipts, raw: raw, malformed: bounce.malformed)
    }

    private func send(_ call: SupplierCall, to recipient: String) async -> SupplierVerdict {
        do throws(Refusal) {
            let setup = try ready()
            let time = CallTime(tools)
            let name = MailName(requestKey: call.requestKey, recipient: recipient)
            let message = try await message(call, to: recipient, name, setup, time)
            let bytes = try write(message, setup)
            let mail = Mail(from: setup.sender(of: name), to: recipient, message: bytes)
            do throws(MailError) {
                var server = setup.server
                server.timeouts.total = min(server.timeouts.total, time.left)
                let reply = try await tools.mail.send(mail, to: server)
                return SMTPCodes.verdict(on: reply, id: message.id, recipient: recipient)
            } catch {
                return SMTPCodes.verdict(on: error)
            }
        } catch { return .refused(error) }
    }

    private func ready() throws(Refusal) -> SMTPSetup {
        do throws(SMTPSetupFault) { return try setup.get() } catch { throw Refusal(error) }
    }

    private func message(
        _ call: SupplierCall,
        to recipient: String,
        _ name: MailName,
        _ setup: SMTPSetup,
        _ time: CallTime
    ) async throws(Refusal) -> MailMessage {
        guard let content = try? RenderedContent(call.contents[0]) else {
            throw Refusal(.badContent, code: "kpush.content")
        }
        let (title, html) = (content["title"], content["content"])
        guard !title.isEmpty, !html.isEmpty else { throw Refusal(.badContent, code: "kpush.empty_content") }
        let text = content["text"]
        let id = "\(name.local)@\(setup.domain)"
        return MailMessage(
            from: setup.from,
            fromName: setup.fromName,
            to: recipient,
            subject: title,
            date: tools.clock.now,
            id: id,
            html: html,
            text: text.isEmpty ? PageText.text(of: html) : text,
            files: try await Attachments.fetch(content["url"], tools.files, within: time),
            // Who wants no advertisements wants codes and notices all the same.
            unsubscribe: call.type == .marketing ? setup.unsubscribe(recipient: recipient, id: id) : nil,
            isAutomatic: call.type != .marketing
        )
    }

    private func write(_ message: MailMessage, _ setup: SMTPSetup) throws(Refusal) -> [UInt8] {
        let writer: MailWriter
        do throws(MailFault) { writer = try MailWriter(message) } catch {
            throw Refusal(.badContent, code: "kpush.header_injection", message: "\(error)")
        }
        guard let signer = setup.signer else { return writer.bytes() }
        guard let signature = signer.signature(of: writer, at: tools.clock.now) else {
            throw Refusal(.badConfig, code: "kpush.dkim_key")
        }
        return writer.bytes(signature: signature)
    }
}
