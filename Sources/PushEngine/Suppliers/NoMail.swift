import Groundwork

/// Takes no mail: for processes that send none.
struct NoMail: MailClient {
    func send(_ mail: Mail, to server: MailServer) async throws(MailError) -> MailReply {
        throw MailError(.unreachable, detail: "this process sends no mail")
    }

    func greet(_ server: MailServer) async throws(MailError) -> MailReply {
        throw MailError(.unreachable, detail: "this process sends no mail")
    }
}
