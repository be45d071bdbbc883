"""Not a test: an SSH server (paramiko) whose users have passwords, which the tests' sshd cannot check.

usage: ssh_server.py PORT HOSTKEY FOLDER
User "password" may log in with the method password, "keyboard" with keyboard-interactive, "two" is asked two
questions; the password is "secret". SFTP reads FOLDER.
"""
import os
import socket
import sys
import threading

import paramiko


class Logins(paramiko.ServerInterface):
    def get_allowed_auths(self, username):
        return "password" if username == "password" else "keyboard-interactive"

    def check_auth_password(self, username, password):
        good = username == "password" and password == "secret"
        return paramiko.AUTH_SUCCESSFUL if good else paramiko.AUTH_FAILED

    def check_auth_interactive(self, username, submethods):
        query = paramiko.InteractiveQuery("Login", "Say it")
        query.add_prompt("Password: ", False)
        if username == "two":
            query.add_prompt("Number: ", True)
        return query

    def check_auth_interactive_response(self, responses):
        return paramiko.AUTH_SUCCESSFUL if responses == ["secret"] else paramiko.AUTH_FAILED

    def check_channel_request(self, kind, chanid):
        return paramiko.OPEN_SUCCEEDED


class Folder(paramiko.SFTPServerInterface):
    def open(self, path, flags, attr):
        try:
            file = open(sys.argv[3] + path, "rb")
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno)
        handle = paramiko.SFTPHandle(flags)
        handle.readfile = file
        handle.stat = lambda: paramiko.SFTPAttributes.from_stat(os.fstat(file.fileno()))
        return handle


def serve(connection, key):
    transport = paramiko.Transport(connection)
    transport.add_server_key(key)
    transport.set_subsystem_handler("sftp", paramiko.SFTPServer, Folder)
    channels = []  # nobody else holds them
    try:
        transport.start_server(server=Logins())
        while transport.is_active():
            channels.append(transport.accept(1))
    except (paramiko.SSHException, EOFError, OSError):
        pass


def main():
    key = paramiko.Ed25519Key.from_private_key_file(sys.argv[2])
    with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listener:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=serve, args=(connection, key), daemon=True).start()


main()
