# Sourced by train-detector and train-segmenter: the folder of the work, and a Python with the public trainers.
#
# TOMOPILOT_TRAINING_FOLDER  where data, Python and checkpoints go (default: .build-training in the repository)
# TOMOPILOT_TRAINING_PYTHON  a Python that has the trainers already (default: one is made with the versions below)

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
folder=${TOMOPILOT_TRAINING_FOLDER:-$repository/.build-training}
mkdir -p "$folder"
export YOLO_CONFIG_DIR=$folder YOLO_OFFLINE=true MPLBACKEND=agg

python=${TOMOPILOT_TRAINING_PYTHON:-$folder/python/bin/python}
lists=("$repository/Scripts/training/requirements.txt" "$repository/Scripts/training/requirements-alone.txt")
# What was installed is noted at the end: a Python that was cut short, or that has other versions, is completed.
if [ -z "${TOMOPILOT_TRAINING_PYTHON:-}" ] && ! cat "${lists[@]}" | cmp -s - "$folder/python/installed.txt"; then
    echo "making a Python with the trainers in $folder/python"
    python3 -m venv "$folder/python"
    # The CPU build of PyTorch is a tenth of the CUDA build, and counts as the newer one; with a GPU, set TOMOPILOT_TRAINING_PYTHON.
    "$folder/python/bin/pip" install -q torch==2.13.0 --extra-index-url https://download.pytorch.org/whl/cpu
    # Everything is pinned in the two lists; torchvision must not bring its own PyTorch, hence --no-deps.
    "$folder/python/bin/pip" install -q -r "${lists[0]}"
    "$folder/python/bin/pip" install -q --no-deps -r "${lists[1]}"
    cat "${lists[@]}" > "$folder/python/installed.txt"
fi

# data KIND SEEDS NAME: simulated images with their truth, once.
data() {
    [ -d "$folder/$3/images" ] && return
    echo "simulating $3: seeds $2"
    (cd "$repository" &&
        swift run -q -c "${TOMOPILOT_CONFIGURATION:-release}" serialem-sim training-data --kind "$1" --seeds "$2" --out "$folder/$3.part")
    mv "$folder/$3.part" "$folder/$3"
}
