"""Output of a host's own commands if all is well, as hosts/look.py gets it: recorded on Engine 28 and Debian 12."""

LOOK = """\
@ links 0
|1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000
|    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
|    inet 127.0.0.1/8 scope host lo
|    inet6 ::1/128 scope host
|2: eth0@if3: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default qlen 1000
|    inet 10.9.0.1/24 scope global eth0
|default via 10.9.0.254 dev eth0
|10.9.0.0/24 dev eth0 proto kernel scope link src 10.9.0.1
|172.18.0.0/16 dev docker_gwbridge proto kernel scope link src 172.18.0.1
|local 10.9.0.1 dev eth0 table local proto kernel scope host src 10.9.0.1
@ routes 0
|[{"dst":"10.9.0.2","dev":"eth0","prefsrc":"10.9.0.1","flags":[],"uid":0,"cache":[]}]
@ routes 0
|/proc/sys/net/ipv4/conf/all/rp_filter:0
|/proc/sys/net/ipv4/conf/eth0/rp_filter:2
@ forwarding 0
|1
@ modules 0
|vxlan yes
|ip_vs yes
|esp4 yes
@ daemon 0
|{}
@ daemon 0
|/usr/sbin/dockerd
|-p
|/var/run/docker.pid
@ room 0
|Filesystem     1024-blocks     Used Available Capacity Mounted on
|/dev/vda         264212084 21799136  73702128      23% /var/lib/docker
@ offload 0
|
@ rules 0
|*nat
|:PREROUTING ACCEPT [0:0]
|:POSTROUTING ACCEPT [0:0]
|:DOCKER-INGRESS - [0:0]
|-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER-INGRESS
|-A POSTROUTING -s 172.18.0.0/16 ! -o docker_gwbridge -j MASQUERADE
|-A DOCKER-INGRESS -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.18.0.2:8080
|-A DOCKER-INGRESS -j RETURN
|COMMIT
|*filter
|:INPUT ACCEPT [0:0]
|:FORWARD DROP [0:0]
|:DOCKER-FORWARD - [0:0]
|:DOCKER-INGRESS - [0:0]
|:DOCKER-USER - [0:0]
|-A FORWARD -j DOCKER-USER
|-A FORWARD -j DOCKER-FORWARD
|-A DOCKER-FORWARD -j DOCKER-INGRESS
|-A DOCKER-FORWARD -i docker_gwbridge ! -o docker_gwbridge -j ACCEPT
|-A DOCKER-INGRESS -p tcp -m tcp --dport 8080 -j ACCEPT
|-A DOCKER-INGRESS -p tcp -m tcp --sport 8080 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
|-A DOCKER-INGRESS -j RETURN
|COMMIT
@ nft 0
|table inet filter {
|	chain input {
|		type filter hook input priority filter; policy accept;
|	}
|	chain forward {
|		type filter hook forward priority filter; policy accept;
|	}
|}
@ legacy 0
|
@ zone 0
|
"""
