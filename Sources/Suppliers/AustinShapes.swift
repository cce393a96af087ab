import Groundwork
import PushEngine

extension AustinShape {
    /// One whose fields are all called as ours.
    static let same = AustinShape()

    static let tencent = AustinShape(names: ["TencentSmsScript", "10", "腾讯云"]) { fields in
        guard let url = fields.text("url", as: "url")?.trimming() else { return }
        // Tencent's own library takes a host alone.
        fields.url = url.contains("://") ? url : "https://\(url)"
    }

    static let yunpian = AustinShape(names: ["YunPianSmsScript", "20", "云片"]) {
        fields throws(CatalogueFault) in
        // Both spellings are read there.
        fields.rename("tpl_id", "tplId")
        guard let url = fields.text("url", as: "url")?.trimming() else { return }
        // There it is the address of one call, here where those of all calls begin.
        let scheme = url.firstRange(of: "://")?.upperBound ?? url.startIndex
        let host = url[scheme...].prefix { $0 != "/" }
        let path = url[host.endIndex...]
        guard path.isEmpty || path == "/" || path.hasPrefix("/v2/") else {
            throw AustinFields.fault("url", "must be an address of Yunpian's version 2")
        }
        fields.url = String(url[..<host.endIndex])
    }

    static let linTong = AustinShape(names: ["LinTongSmsScript"])

    /// The token and the key are of a call-back that nothing is read from.
    static let weComApp = AustinShape { $0.drop("token", "aesKey") }

    /// Templates and pages are a content's here.
    static let miniProgram = AustinShape { $0.drop("templateId", "page", "grantType") }

    /// What Hutool's `MailAccount` is set up with.
    static let mail = AustinShape { fields throws(CatalogueFault) in
        try fields.readServer()
        fields.readSender()
        let isSigned = try fields.flag("auth", as: "config.user")
        let (user, password) = (
            fields.text("user", as: "config.user"), fields.text("pass", as: "config.pass")
        )
        if isSigned ?? (password != nil) {
            // Who has no name of their own signs in as the sender.
            fields.set("user", user ?? fields.setting("from"))
            if let password { fields.set("pass", password) }
        } else {
            fields.drop("auth", "user", "pass")
            fields.remove("pass")
        }
        fields.drop(
            "charset",
            "debug",
            "timeout",
            "connectionTimeout",
            "writeTimeout",
            "splitlongparameters",
            "encodefilename"
        )
    }
}

extension AustinFields {
    /// Makes an address of a host, a port and two flags, of which the one for TLS from the start counts more.
    fileprivate mutating func readServer() throws(CatalogueFault) {
        let host = text("host", as: "url")?.trimming() ?? ""
        guard !host.isEmpty, !host.contains(where: { "/@?#:[]".contains($0) || $0.isWhitespace }) else {
            throw Self.fault("host", "must be the name of a mail server, such as smtp.example.com")
        }
        let isSecure = try flag("sslEnable", as: "url") ?? false
        let text = text("port", as: "url")?.trimming() ?? (isSecure ? "465" : "25")
        guard let port = Int(text), (1...65_535).contains(port) else {
            throw Self.fault("port", "must be from 1 to 65535")
        }
        url = "\(isSecure ? "smtps" : "smtp")://\(host):\(port)"
        let becomesSecure = try flag("starttlsEnable", as: "config.starttls") ?? false
        if isSecure { drop("starttlsEnable") } else { set("starttls", becomesSecure ? "required" : "none") }
    }

    /// Takes `Name <address>` apart.
    fileprivate mutating func readSender() {
        guard let from = text("from", as: "config.from")?.trimming() else { return }
        guard from.hasSuffix(">"), let start = from.lastIndex(of: "<") else { return set("from", from) }
        set("from", String(from[from.index(after: start)...].dropLast()).trimming())
        let name = String(from[..<start]).trimming()
        let isQuoted = name.count > 1 && name.hasPrefix("\"") && name.hasSuffix("\"")
        set("fromName", isQuoted ? String(name.dropFirst().dropLast()) : name)
    }
}
