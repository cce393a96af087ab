extension LocalMailServer {
    /// The server: doors with one way of securing each, and a file for each message that it takes.
    static let script = """
        import asyncio, base64, datetime, email, email.header, email.policy, email.utils, itertools, json, os, ssl, sys
        from aiosmtpd.smtp import SMTP, AuthResult
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.x509.oid import NameOID
        import dkim

        home, limit = sys.argv[1], int(sys.argv[2])
        connections, numbers, grey = itertools.count(1), itertools.count(1), set()

        def certificate():
            key = ec.generate_private_key(ec.SECP256R1())
            name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
            now = datetime.datetime.now(datetime.timezone.utc)
            day = datetime.timedelta(days=1)
            made = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
                    .serial_number(x509.random_serial_number()).not_valid_before(now - day).not_valid_after(now + day)
                    .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
                    .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
                    .sign(key, hashes.SHA256()))
            pem, private = os.path.join(home, "certificate.pem"), os.path.join(home, "key.pem")
            with open(pem, "wb") as file:
                file.write(made.public_bytes(serialization.Encoding.PEM))
            with open(private, "wb") as file:
                file.write(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                             serialization.NoEncryption()))
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(pem, private)
            return context

        def write(name, value):
            path = os.path.join(home, name)
            with open(path + ".new", "w") as file:
                json.dump(value, file)
            os.rename(path + ".new", path)

        def number(server):
            if not hasattr(server, "number"):
                server.number = next(connections)
            return server.number

        def structure(part):
            kind = part.get_content_type()
            if not part.is_multipart():
                return kind
            return kind + "(" + ",".join(structure(child) for child in part.iter_parts()) + ")"

        def signature(raw):
            if b"DKIM-Signature" not in raw:
                return None
            try:
                with open(os.path.join(home, "names.json")) as file:
                    names = json.load(file)
            except FileNotFoundError:
                names = {}
            def record(name, timeout=5):
                found = names.get(name.decode() if isinstance(name, bytes) else name)
                return found.encode() if found else None
            try:
                return "valid" if dkim.verify(raw, dnsfunc=record) else "invalid"
            except dkim.DKIMException as error:
                return str(error)

        def display(raw):
            # The newer parser leaves blanks between the encoded words of a name.
            value = email.message_from_bytes(raw)["from"] or ""
            return str(email.header.make_header(email.header.decode_header(email.utils.parseaddr(value)[0])))

        def told(server, session, envelope):
            raw = envelope.original_content
            message = email.message_from_bytes(raw, policy=email.policy.default)
            defects, parts = [], []
            for part in message.walk():
                defects += [repr(defect) for defect in part.defects]
                for name, value in part.items():
                    defects += [name + ": " + repr(defect) for defect in value.defects]
                if not part.is_multipart():
                    parts.append({"type": part.get_content_type(), "charset": part.get_content_charset(),
                                  "name": part.get_filename(), "disposition": part.get_content_disposition(),
                                  "contentID": part["content-id"],
                                  "body": base64.b64encode(part.get_payload(decode=True)).decode()})
            sender = message["from"].addresses[0] if message["from"] and message["from"].addresses else None
            date = message["date"].datetime if message["date"] else None
            return {"sender": envelope.mail_from, "recipients": envelope.rcpt_tos, "connection": number(server),
                    "isSecure": server.transport.get_extra_info("ssl_object") is not None,
                    "user": session.auth_data, "greeting": session.host_name, "raw": base64.b64encode(raw).decode(),
                    "subject": message["subject"], "fromName": display(raw),
                    "fromAddress": sender and sender.addr_spec, "to": message["to"],
                    "date": date and int(date.timestamp()), "messageID": message["message-id"],
                    "fields": [[name, str(value)] for name, value in message.items()],
                    "structure": structure(message), "parts": parts, "defects": defects,
                    "longestLine": max((len(line) for line in raw.split(b"\\r\\n")), default=0),
                    "hasBareLineBreak": b"\\n" in raw.replace(b"\\r\\n", b"") or b"\\r" in raw.replace(b"\\r\\n", b""),
                    "signature": signature(raw)}

        class Handler:
            async def handle_RCPT(self, server, session, envelope, address, options):
                local = address.split("@")[0]
                refusals = {
                    "unknown": "550 5.1.1 <%s>: no such user here" % address, "full": "552 5.2.2 mailbox full",
                    "relay": "554 5.7.1 <%s>: relay access denied" % address, "disabled": "550 5.2.1 disabled",
                    "busy": "421 4.3.2 closing for a while", "bare": "550 no", "slowdown": "451 4.7.1 try again later",
                }
                if local in refusals:
                    return refusals[local]
                if local == "grey" and address not in grey:
                    grey.add(address)
                    return "450 4.2.0 <%s>: greylisted, try again in five minutes" % address
                envelope.rcpt_tos.append(address)
                return "250 2.1.5 fine"

            async def handle_DATA(self, server, session, envelope):
                local = envelope.rcpt_tos[0].split("@")[0]
                if local == "spam":
                    return "554 5.7.1 this looks like spam"
                if local == "forged":
                    return "550-5.7.26 this mail is unauthenticated,\\r\\n550 5.7.26 which is what we want to see"
                write("message-%06d.json" % next(numbers), told(server, session, envelope))
                if local == "drop":
                    server.transport.abort()
                if local == "hang":
                    await asyncio.sleep(3600)
                return "250 2.0.0 queued as %d" % number(server)

        def authenticate(server, session, envelope, mechanism, data):
            user, password = data.login.decode(), data.password.decode()
            if user == "later":
                return AuthResult(success=False, handled=False, message="454 4.7.0 try again later")
            if (user, password) != ("kpush@example.com", "s3cret"):
                return AuthResult(success=False, handled=False)
            return AuthResult(success=True, auth_data=user)

        async def main():
            loop, context, ports = asyncio.get_running_loop(), certificate(), {}
            def door(name, wrapped=None, **options):
                def make():
                    return SMTP(Handler(), data_size_limit=limit, hostname="mail.test", loop=loop,
                                authenticator=authenticate, **options)
                return name, loop.create_server(make, "127.0.0.1", 0, ssl=wrapped)
            for name, opening in [
                door("plain", auth_require_tls=False),
                door("signIn", auth_require_tls=False, auth_required=True),
                door("startTLS", tls_context=context, require_starttls=True, auth_required=True),
                door("implicitTLS", wrapped=context, auth_require_tls=False, auth_required=True),
                door("login", wrapped=context, auth_require_tls=False, auth_required=True,
                     auth_exclude_mechanism=["PLAIN"]),
                door("silent", auth_exclude_mechanism=["PLAIN", "LOGIN"]),
            ]:
                server = await opening
                ports[name] = server.sockets[0].getsockname()[1]
            write("ports.json", ports)
            await asyncio.Event().wait()

        asyncio.run(main())
        """
}
