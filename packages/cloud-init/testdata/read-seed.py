"""Reads a NoCloud seed with cloud-init's own code and prints as JSON what a guest would make of it.

usage: read-seed.py PACKAGES-ROOT WORK-FOLDER    (the seed lies in WORK-FOLDER/cloud/seed/nocloud)
"""
import glob
import json
import os
import sys

root, work = sys.argv[1:]
cloud = os.path.join(work, "cloud")
base = os.path.join(work, "cloud.cfg")
with open(base, "w") as file:
    paths = {"cloud_dir": cloud, "run_dir": os.path.join(work, "run"), "templates_dir": work}
    json.dump({"datasource_list": ["NoCloud"], "disable_ec2_metadata": True, "system_info": {"distro": "debian", "paths": paths}}, file)
os.environ["CLOUD_CFG"] = base
sys.path.insert(0, os.path.join(root, "usr/lib/python3/dist-packages"))
from cloudinit import stages, util  # noqa: E402

init = stages.Init()
init.read_cfg()
assert init.paths.cloud_dir == cloud, "cloud-init would write to this machine's own folders"
init.initialize()
# No look at this machine's disks: the seed is in the folder.
util.find_devs_with = lambda *args, **kwargs: []
source = init.fetch(existing="trust")
init.instancify()
init.update()
init.consume_data("always")
instance = os.path.join(cloud, "instance")
config = util.load_yaml(util.load_file(os.path.join(instance, "cloud-config.txt")), default={})
scripts = [util.load_file(name) for name in sorted(glob.glob(os.path.join(instance, "scripts/*")))]
host = source.get_hostname(metadata_only=True)
json.dump(
    {
        "source": type(source).__name__,
        "instanceId": source.get_instance_id(),
        "hostname": getattr(host, "hostname", host),
        "network": source.network_config,
        "config": config,
        "scripts": scripts,
    },
    sys.stdout,
)
